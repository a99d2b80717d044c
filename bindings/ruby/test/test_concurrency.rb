# frozen_string_literal: true

require_relative "helper"

# Threads, fibers and interrupts.
class TestConcurrency < Minitest::Test
  def test_busy_threads_do_not_starve_a_send
    stop = false
    busy = Array.new(2) { Thread.new { nil until stop } }
    assert SendIm.send_im("lenea@contoso.com", "hi", account: account).accepted_by
  ensure
    stop = true
    busy.each(&:join)
  end

  def test_timeout_cuts_a_send_off_and_the_thread_goes_on
    SendIm::Client.open(account: account) do |client|
      assert_raises(Timeout::Error) { Timeout.timeout(0.5) { client.deliver("silent@contoso.com", "hi") } }
      assert_equal "lenea@contoso.com", client.deliver("lenea@contoso.com", "after").accepted_by
    end
    assert_equal %w[after], sandbox.messages.map(&:text)
    assert_equal 0, open_applications
  end

  def test_timeout_of_the_one_call_signs_out
    who = account
    assert_raises(Timeout::Error) { Timeout.timeout(0.5) { SendIm.send_im("silent@contoso.com", "hi", account: who) } }
    assert(eventually { open_applications.zero? })
    assert_empty sandbox.messages
  end

  def test_timeout_in_a_callback
    assert_raises(Timeout::Error) do
      Timeout.timeout(0.3) { SendIm.send_im("lenea@contoso.com", "hi", on_step: ->(_) { sleep 60 }, account: account) }
    end
    assert(eventually { open_applications.zero? })
  end

  def test_a_killed_thread_leaves_nothing_behind
    who = account
    thread = Thread.new { SendIm.send_im("silent@contoso.com", "hi", account: who) }
    assert(eventually { journal.any? { |exchange| exchange[:path].include?("messagingInvitations") } })
    thread.kill
    thread.join
    assert(eventually { open_applications.zero? })
    assert_empty sandbox.messages
  end

  def test_interrupts_at_any_moment_lose_nothing
    random = Random.new(7)
    SendIm::Client.open(account: account) do |client|
      descriptors = Dir.children("/proc/self/fd").size if File.directory?("/proc/self/fd")
      60.times do |n|
        Timeout.timeout(random.rand(0.0001..0.02)) { client.deliver("user#{n}@contoso.com", "message #{n}") }
      rescue Timeout::Error
        nil
      end
      assert_equal "lenea@contoso.com", client.deliver("lenea@contoso.com", "last").accepted_by
      # One connection more, perhaps. A call that was cut off gives its own back at once.
      assert_operator Dir.children("/proc/self/fd").size, :<, descriptors + 20 if descriptors
    end
    texts = sandbox.messages.map(&:text)
    assert_equal texts.uniq, texts
    assert_includes texts, "last"
  end

  def test_without_descriptors_a_call_fails_as_any_other
    done = script(<<~RUBY, environment: stored)
      require "send_im"
      soft, hard = Process.getrlimit(:NOFILE)
      Process.setrlimit(:NOFILE, Dir.children("/dev/fd").size, hard)
      begin
        SendIm.send_im("lenea@contoso.com", "hi", timeout: 5)
      rescue SendIm::Error => error
        puts error.message
      end
      Process.setrlimit(:NOFILE, soft, hard)
      puts SendIm.send_im("lenea@contoso.com", "hi").accepted_by
    RUBY
    assert_match(/\A.*Too many open files.*\.\nlenea@contoso.com\n\z/, done.out)
    assert_equal [0, ""], [done.code, done.err]
  end

  # As on Windows, where the library has none. Calls and the thread of a token callable wait.
  def test_without_descriptors_to_wait_at_calls_wait_all_the_same
    done = script(<<~RUBY)
      require "send_im"
      waiting = SendImUniffi.constants.map { |name| SendImUniffi.const_get(name) }.grep(Class)
      waiting.select! { |type| type.method_defined?(:descriptor) }
      waiting.each { |type| type.class_eval("undef descriptor; def descriptor; end") }
      SendIm::Sandbox.open do |sandbox|
        token = ->(_) { sandbox.request(:post, "tokens/t@contoso.com")[:token] }
        [{}, { token: token }].map do |more|
          Thread.new { SendIm.send_im("lenea@contoso.com", "hi", account: sandbox.account("t@contoso.com", **more)) }
        end.each { |sent| puts sent.value.accepted_by }
      end
      puts waiting.empty?
    RUBY
    assert_equal [0, "lenea@contoso.com\nlenea@contoso.com\nfalse\n", ""], done.to_a
  end

  def test_a_send_from_a_trap_handler
    done = script(<<~RUBY)
      require "send_im"
      SendIm::Sandbox.open do |sandbox|
        trap(:USR1) { SendIm.send_im("lenea@contoso.com", "trapped", account: sandbox.account("t@contoso.com")) }
        Process.kill(:USR1, Process.pid)
        puts sandbox.wait_for(1).map(&:text)
      end
    RUBY
    assert_equal [0, "trapped\n", ""], done.to_a
  end

  # The least a scheduler needs: fibers that wait for sockets and for time.
  class Scheduler
    def initialize
      @reading = {}
      @sleeping = {}
      @ready = []
    end

    def io_wait(io, _events, _timeout)
      @reading[io] = Fiber.current
      Fiber.yield
      IO::READABLE
    end

    def kernel_sleep(duration = 0)
      @sleeping[Fiber.current] = now + duration
      Fiber.yield
    end

    def block(_blocker, _timeout = nil) = Fiber.yield

    def unblock(_blocker, fiber) = @ready << fiber

    def fiber(&) = Fiber.new(blocking: false, &).tap(&:resume)

    def close
      until @reading.empty? && @sleeping.empty? && @ready.empty?
        @ready.shift.resume until @ready.empty?
        readable, = IO.select(@reading.keys, nil, nil, 0.01)
        Array(readable).each { |io| @reading.delete(io).resume }
        @sleeping.select { |_, time| time <= now }.each_key { |fiber| @sleeping.delete(fiber) && fiber.resume }
      end
    end

    private

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  def test_fibers_wait_side_by_side
    who = account
    order = Thread::Queue.new
    Thread.new do
      Fiber.set_scheduler(Scheduler.new)
      Fiber.schedule { order << SendIm.send_im("slow@contoso.com", "hi", account: who).accepted_by }
      3.times { |n| Fiber.schedule { order << SendIm.send_im("user#{n}@contoso.com", "hi", account: who).accepted_by } }
    end.join
    accepted = Array.new(4) { order.pop }
    assert_equal "slow@contoso.com", accepted.last
    assert_equal %w[user0@contoso.com user1@contoso.com user2@contoso.com], accepted.first(3).sort
  end
end
