# frozen_string_literal: true

require_relative "helper"

# The end of a program: its exit code is kept, nothing hangs, nothing aborts, sessions are signed out.
#
# Each test runs in a process of its own. The sandbox lets `silent@` ring for an hour: a process that waited for the
# answer would count as hanging.
class TestExit < Minitest::Test
  HEADER = <<~'RUBY'
    require "send_im"
    Thread.report_on_exception = false
    SANDBOX = SendIm::Sandbox.open(ring: 3600)
    ACCOUNT = SANDBOX.account("tosh@contoso.com")

    def in_background(to, **more) = Thread.new { SendIm.send_im(to, "hi", timeout: 3600, account: ACCOUNT, **more) }

    def ringing
      sleep 0.005 until SANDBOX.request(:get, "journal").to_s.include?("messagingInvitations")
    end
  RUBY

  def ends(code, program, *arguments, environment: {})
    assert_equal [code, "", ""], script(program, *arguments, environment: environment).to_a
  end

  def test_requiring_alone_starts_no_native_thread
    skip "/proc is Linux'" unless File.directory?("/proc/self/task")
    ends 0, <<~'RUBY'
      require "ffi"
      FFI::Function.new(:void, []) { nil } # the ffi gem's own thread
      before = Dir.children("/proc/self/task").size
      require "send_im"
      raise unless Dir.children("/proc/self/task").size == before
    RUBY
  end

  [0, 3].each do |code|
    define_method(:"test_the_exit_code_#{code}_is_kept_with_a_send_in_flight") do
      ends code, "#{HEADER}in_background('silent@contoso.com')\nringing\nexit #{code}\n"
    end
  end

  def test_the_exit_code_is_kept_when_the_main_thread_is_the_one_that_sends
    ends 5, <<~RUBY
      #{HEADER}
      main = Thread.current
      Thread.new { ringing; main.raise(SystemExit.new(5)) }
      SendIm.send_im("silent@contoso.com", "hi", timeout: 3600, account: ACCOUNT)
    RUBY
  end

  def test_many_sends_in_flight_end_again_and_again
    program = <<~RUBY
      #{HEADER}
      client = SendIm::Client.open(account: ACCOUNT, on_step: ->(_) {})
      20.times { |n| Thread.new { loop { client.deliver("user\#{n}@contoso.com", "hi") } } }
      SANDBOX.wait_for(40)
      exit 5
    RUBY
    10.times { ends 5, program }
  end

  def test_an_open_client_that_logs_is_signed_out
    ends 0, <<~'RUBY', environment: stored
      require "send_im"
      require "logger"
      CLIENT = SendIm::Client.open(logger: Logger.new(IO::NULL), on_step: ->(_) {})
      CLIENT.deliver("lenea@contoso.com", "hi")
    RUBY
    assert_equal [1, 0], [sandbox.messages.size, open_applications]
  end

  def test_a_send_that_was_cut_off_is_withdrawn_and_signed_out
    ends 9, <<~'RUBY', environment: stored
      require "send_im"
      invited = Thread::Queue.new
      Thread.new do
        SendIm.send_im("silent@contoso.com", "hi",
                       on_step: ->(step) { invited << true if step.step == :invite })
      end
      invited.pop
      exit 9
    RUBY
    assert_equal 0, open_applications
    assert_empty sandbox.messages
  end

  # What a block at exit does to send, in a program that has an open client.
  {
    one_call: 'SendIm.send_im("lenea@contoso.com", text)',
    open_client: '$client.deliver("lenea@contoso.com", text)',
    client_of_its_own: 'SendIm::Client.open { |own| own.deliver("lenea@contoso.com", text) }',
    client_that_stays_open: 'SendIm::Client.open.deliver("lenea@contoso.com", text)',
    thread: 'Thread.new { $client.deliver("lenea@contoso.com", text) }.join',
    token: 'SendIm.send_im("lenea@contoso.com", text, account: SendIm::Account.new(token: ->(_) { ARGV.last }))'
  }.each do |way, code|
    define_method(:"test_exit_blocks_send_by_#{way}") do
      ends 4, <<~RUBY, issue_token(SENDER), environment: stored
        say = ->(text) { #{code} }
        at_exit { say.call("before the require") }
        require "send_im"
        at_exit { say.call("after the require") }
        $client = SendIm::Client.open
        at_exit { say.call("after the sign-in") }
        say.call("in the program")
        exit 4
      RUBY
      texts = ["in the program", "after the sign-in", "after the require", "before the require"]
      assert_equal texts, sandbox.messages.map(&:text)
      assert_equal 0, open_applications
    end
  end

  def test_a_block_after_one_that_fails_and_one_that_exits_sends
    done = script(<<~'RUBY', environment: stored)
      at_exit { $client.deliver("lenea@contoso.com", "last") }
      require "send_im"
      $client = SendIm::Client.open
      at_exit { exit 7 }
      at_exit { raise "on purpose" }
    RUBY
    assert_equal 7, done.code
    assert_equal [["last"], 0], [sandbox.messages.map(&:text), open_applications]
  end

  # As Sidekiq ends: its threads finish what they have begun and the rest of the queue, and a block waits for them.
  def test_workers_drain_their_queue_in_an_exit_block
    ends 0, <<~'RUBY', environment: stored
      jobs = Thread::Queue.new
      workers = nil
      at_exit do
        jobs.close
        workers.each(&:join)
      end
      require "send_im"
      client = SendIm::Client.open
      workers = Array.new(3) do
        Thread.new do
          while (job = jobs.pop)
            client.deliver(job.zero? ? "slow@contoso.com" : "user#{job}@contoso.com", job.to_s)
          end
        end
      end
      20.times { |job| jobs << job }
    RUBY
    assert_equal (0..19).to_a, sandbox.messages.map { |message| message.text.to_i }.sort
    assert_equal 0, open_applications
  end

  # As Puma ends a worker: the parent has sent before the fork, SIGTERM ends the child by an exception, its blocks run.
  def test_forked_workers_send_in_their_exit_blocks
    ends 0, <<~'RUBY', environment: stored
      at_exit { $client.deliver("lenea@contoso.com", "#{$who} before the require") }
      require "send_im"
      at_exit { SendIm.send_im("lenea@contoso.com", "#{$who} after the require") }
      $who = "parent"
      $client = SendIm::Client.open
      workers = Array.new(2) do |n|
        ready, told = IO.pipe
        pid = fork do
          trap("TERM") { exit }
          $who = "worker #{n}"
          $client = SendIm::Client.open
          $client.deliver("lenea@contoso.com", "#{$who} works")
          told.puts
          sleep
        end
        ready.gets
        pid
      end
      workers.each { |pid| Process.kill(:TERM, pid) }
      workers.each { |pid| Process.wait(pid); raise $?.inspect unless $?.success? }
    RUBY
    said = ["after the require", "before the require"]
    expected = ["worker 0", "worker 1"].product(["works", *said]) + ["parent"].product(said)
    assert_equal expected.map { |words| words.join(" ") }.sort, sandbox.messages.map(&:text).sort
    assert_equal 0, open_applications
  end

  { delay: { ms: 3_600_000 } }.merge(drop_before: nil).each do |name, detail|
    define_method(:"test_a_server_that_does_not_answer_does_not_keep_the_program_#{name}") do
      sandbox.add_fault(:delete_application, detail ? { name => detail } : name, times: 0)
      ends 0, <<~'RUBY', environment: stored
        require "send_im"
        CLIENTS = Array.new(3) { SendIm::Client.open }
      RUBY
    end
  end

  { on_step: "on_step: stuck", token: "account: SANDBOX.account('t@contoso.com', token: stuck)" }.each do |name, given|
    define_method(:"test_a_callable_for_#{name}_that_never_returns") do
      ends 6, <<~RUBY
        #{HEADER}
        called = Thread::Queue.new
        stuck = ->(_) { called << true; sleep }
        in_background("lenea@contoso.com", #{given})
        called.pop
        exit 6
      RUBY
    end
  end

  def test_exit_without_ceremony
    ends 8, "#{HEADER}in_background('silent@contoso.com')\nringing\nexit!(8)\n"
  end

  def test_an_uncaught_error_ends_with_its_text
    done = script("#{HEADER}SendIm.send_im('busy@contoso.com', 'hi', account: ACCOUNT)\n")
    assert_equal 1, done.code
    assert_match(/busy@contoso\.com .*\. \(SendIm::NotDelivered\)$/, done.err)
  end

  def test_ctrl_c
    program = <<~RUBY
      #{HEADER}
      trap("INT", "DEFAULT") # whoever runs the tests in the background may ignore it, and that is inherited
      Thread.new { ringing; $stdout.puts "ringing"; $stdout.flush }
      begin
        SendIm.send_im("silent@contoso.com", "hi", timeout: 3600, account: ACCOUNT)
      rescue Interrupt
        sleep 0.005 until SANDBOX.request(:get, "state")[:open_applications].zero?
        puts "signed out \#{SANDBOX.messages.size}"
        exit 130
      end
    RUBY
    IO.popen([RbConfig.ruby, "-I", File.join(PACKAGE, "lib"), "-e", program]) do |process|
      assert_equal "ringing\n", process.gets
      Process.kill(:INT, process.pid)
      assert_equal "signed out 0\n", Timeout.timeout(HANG) { process.read }
    end
    assert_equal 130, Process.last_status.exitstatus
  end
end
