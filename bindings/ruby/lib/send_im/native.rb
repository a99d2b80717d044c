# frozen_string_literal: true

require "ffi"
# IO#wait_readable, which Ruby 3.1 only has with this.
require "io/wait"

# Loads the native library.
module SendIm
  # Where the native library lies.
  # @api private
  LIBRARY = [ENV.fetch("SEND_IM_LIBRARY", ""),
             File.join(__dir__, "native", FFI.map_library_name("send_im_uniffi"))].find { |place| !place.empty? }.freeze

  begin
    # A thread of the library that outlives the interpreter must not lose its code, so the library is never unloaded.
    # (RTLD_NODELETE; the ffi gem does not unload on macOS.)
    keep = FFI::Platform::OS == "linux" ? 0x1000 : 0
    FFI::DynamicLibrary.open(LIBRARY, FFI::DynamicLibrary::RTLD_LAZY | keep)
  rescue LoadError => e
    raise Unloadable.error(LIBRARY, Unloadable.why(LIBRARY, e.message))
  end

  begin
    # A program that runs with -w is not told of the indentation of generated code.
    verbose = $VERBOSE
    $VERBOSE = nil
    require_relative "native/send_im_uniffi"
  rescue FFI::NotFoundError => e
    raise Unloadable.error(LIBRARY, "it is no library of this version of send-im (#{e.message})")
  ensure
    $VERBOSE = verbose
  end

  # The generated module.
  # @api private
  Native = ::SendImUniffi
  private_constant :LIBRARY, :Native

  # Nothing generated checks that the two fit.
  unless Native.version == VERSION
    raise Unloadable.error(LIBRARY, "it is of version #{Native.version}, this package of #{VERSION}")
  end

  # Ruby shows the inspection of a receiver in error texts. These hold secrets.
  [Native::AccountOptions, Native::MessageOptions, Native::SandboxOptions, Native::SandboxUser].each do |record|
    record.define_method(:inspect) { "#<#{self.class.name}>" }
    record.alias_method(:to_s, :inspect)
  end
end
