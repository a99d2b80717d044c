//! The sandbox server.

use std::sync::Arc;

use napi::Either;
use napi_derive::napi;
use send_im::{Error, ErrorKind, Result, Sent};
use send_im_runtime::Generation;
use send_im_sandbox::{Builder, NotOptions, SandboxOptions};
use serde_json::Value;

use crate::records::failure;
use crate::thread::here;

/// A running sandbox. One that nobody refers to any more is stopped.
#[napi]
pub struct Sandbox {
    generation: &'static Generation,
    number: u64,
    url: String,
    ca_file: Option<String>,
}

fn told<T>(result: Result<T>) -> Either<T, Value> {
    result.map_or_else(|error| Either::B(failure(&error)), Either::A)
}

/// Starts a sandbox with options as JSON.
#[napi]
pub fn start_sandbox(options: String) -> Either<Sandbox, Value> {
    told(start(&options))
}

fn start(options: &str) -> Result<Sandbox> {
    let refused = |why: NotOptions| Error::invalid_input(why.to_string());
    let builder = Builder::try_from(options.parse::<SandboxOptions>().map_err(refused)?).map_err(refused)?;
    let generation = here().generation;
    let work = async move {
        let cannot = |e| Error::new(ErrorKind::Network, format!("The sandbox cannot listen: {e}."));
        builder.start().await.map_err(cannot)
    };
    let sandbox = generation.call_on(&generation.sandboxes_run, Sent::No, work).wait()?;
    let (url, ca_file) =
        (sandbox.url().to_owned(), sandbox.ca_file().map(|path| path.to_string_lossy().into_owned()));
    Ok(Sandbox { generation, number: generation.sandboxes.insert(Arc::new(sandbox)), url, ca_file })
}

#[napi]
impl Sandbox {
    /// The discovery root.
    #[napi(getter)]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// With https, a file with the certificate authority, until it is stopped.
    #[napi(getter)]
    pub fn ca_file(&self) -> Option<String> {
        self.ca_file.clone()
    }

    /// Asks its own HTTP interface. Gives the body of the response: JSON, or nothing.
    #[napi]
    pub fn request(&self, method: String, path: String, json: Option<String>) -> Either<String, Value> {
        let asked = || {
            let sandbox = self.generation.sandboxes.get(self.number);
            let sandbox = sandbox.ok_or_else(|| Error::closed("The sandbox is stopped."))?;
            let work = async move {
                let response = sandbox.request(&method, &path, json.as_deref()).await;
                response.map_err(|why| Error::invalid_input(why.to_string()))
            };
            self.generation.call_on(&self.generation.sandboxes_run, Sent::No, work).wait()
        };
        told(asked())
    }

    /// Stops it. May be called again.
    #[napi]
    pub fn stop(&mut self) {
        self.ca_file = None;
        self.generation.sandboxes_run.drop_inside(self.generation.sandboxes.remove(self.number));
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop();
    }
}
