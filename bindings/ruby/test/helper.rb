# frozen_string_literal: true

require "minitest/autorun"
require "open3"
require "tempfile"
require "timeout"
require "tmpdir"

require "send_im"

# What the tests share: a sandbox, who sends, and a script in a process of its own.
module Helper
  # The folder of the whole project.
  ROOT = File.expand_path("../../..", __dir__)
  PACKAGE = File.join(ROOT, "bindings", "ruby")

  SENDER = "tosh@contoso.com"
  PASSWORD = "s3cret-of-tosh"

  # Seconds after which a process counts as hanging. No test asserts on a shorter time.
  HANG = 120

  # Prints its URL; once its input ends, the texts it delivered and how many sessions are open.
  OUTSIDE = <<~RUBY
    require "send_im"
    SendIm::Sandbox.open do |sandbox|
      puts sandbox.url
      $stdout.flush
      $stdin.read
      puts sandbox.messages.map(&:text), "\#{sandbox.request(:get, %(state))[:open_applications]} open"
    end
  RUBY

  # How a script ended.
  Ended = Struct.new(:code, :out, :err, keyword_init: true)

  def sandbox = @sandbox ||= SendIm::Sandbox.open

  # Sends through the sandbox.
  def account(**more) = SendIm::Account.new(address: SENDER, password: PASSWORD, server: sandbox.url, **more)

  # The same as the stored account of a script.
  def stored(url = sandbox.url)
    { "SEND_IM_ADDRESS" => SENDER, "SEND_IM_PASSWORD" => PASSWORD, "SEND_IM_SERVER" => url }
  end

  # Every request the sandbox received, oldest first.
  def journal = sandbox.request(:get, "journal")

  # How many sessions are open on the server.
  def open_applications = sandbox.request(:get, "state")[:open_applications]

  # A bearer token that the sandbox accepts for this address.
  def issue_token(address) = sandbox.request(:post, "tokens/#{address}")[:token]

  def teardown
    @sandbox&.close
    super
  end

  # A sandbox in a process of its own.
  def sandbox_outside = IO.popen([RbConfig.ruby, "-I", File.join(PACKAGE, "lib"), "-e", OUTSIDE], "r+")

  # Runs Ruby code in a process of its own.
  def script(code, *arguments, environment: {})
    Tempfile.create(["script", ".rb"]) do |file|
      file.write(code)
      file.close
      run_process(environment, RbConfig.ruby, "-w", "-I", File.join(PACKAGE, "lib"), file.path, *arguments)
    end
  end

  def run_process(environment, *command)
    Open3.popen3(environment, *command) do |stdin, stdout, stderr, process|
      stdin.close
      readers = [stdout, stderr].map { |stream| Thread.new { stream.read } }
      unless process.join(HANG)
        Process.kill(:KILL, process.pid)
        flunk "the process hangs: #{readers.map(&:value).join("\n")}"
      end
      status = process.value
      Ended.new(code: status.exitstatus || status.to_s, out: readers[0].value, err: readers[1].value)
    end
  end

  # True as soon as the block is; false if it is not for very long.
  def eventually
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + (HANG / 4)
    until yield
      return false if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

      sleep 0.01
    end
    true
  end

  # The error of a block that must fail with one of this class or below it.
  def failing(kind = SendIm::Error)
    yield
    flunk "there was no #{kind}"
  rescue kind => e
    e
  end

  def with_environment(changes)
    before = ENV.to_h.slice(*changes.keys)
    ENV.update(changes)
    yield
  ensure
    changes.each_key { |name| ENV[name] = before[name] }
  end
end

Minitest::Test.include(Helper)
