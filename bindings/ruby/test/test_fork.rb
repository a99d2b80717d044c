# frozen_string_literal: true

require_relative "helper"

# Fork: threads do not survive it, so a child starts over without touching what its parent left behind.
#
# Each test runs in a process of its own, which forks. The sandbox is one more process: a child must be able to
# reach it.
class TestFork < Minitest::Test
  HEADER = <<~'RUBY'
    require "send_im"

    def one(text, **more) = SendIm.send_im("lenea@contoso.com", text, **more)

    def finish(child)
      Process.wait(child)
      raise "the child ended with #{$?}" unless $?.exited?
      $?.exitstatus
    end

    def in_child(&work)
      code = finish(fork(&work))
      raise "the child ended with #{code}" unless code.zero?
    end

    def closed
      yield
    rescue SendIm::ClientClosed => error
      raise error unless error.kind == :closed && error.message.include?("fork")
    else
      raise "what belongs to the parent worked in the child"
    end
  RUBY

  def setup
    @outside = sandbox_outside
    @url = @outside.gets.strip
  end

  def teardown
    @outside.close unless @outside.closed?
  end

  # What the sandbox has seen, and how many sessions are open. Ends it.
  def seen
    @outside.close_write
    lines = @outside.read.lines(chomp: true)
    [lines[0..-2].sort, lines.last]
  end

  def check(code)
    assert_equal [0, "", ""], script(HEADER + code, environment: stored(@url)).to_a
  end

  # What has been delivered when a program has ended well, and the program.
  {
    fork_before_the_first_use: [%w[child parent], <<~'RUBY'],
      in_child { one("child") }
      one("parent")
    RUBY
    a_client_of_the_parent_is_closed_in_the_child_and_lives_on_in_the_parent: [%w[after before child], <<~'RUBY'],
      client = SendIm::Client.open
      client.deliver("lenea@contoso.com", "before")
      in_child do
        closed { client.deliver("lenea@contoso.com", "inherited") }
        closed { client.deliver_all([SendIm::Message.new("lenea@contoso.com", "inherited")]) }
        closed { client.close }
        SendIm::Client.open { |own| own.deliver("lenea@contoso.com", "child") }
      end
      client.deliver("lenea@contoso.com", "after")
      client.close
    RUBY
    a_client_that_was_only_made_signs_in_in_each_child: [["before", "child 0", "child 1", "parent"], <<~'RUBY'],
      one("before")
      client = SendIm::Client.new
      2.times { |n| in_child { client.sign_in.deliver("lenea@contoso.com", "child #{n}") and client.close } }
      client.sign_in.deliver("lenea@contoso.com", "parent")
    RUBY
    a_child_that_drops_what_it_inherited_harms_nobody: [%w[after], <<~'RUBY'],
      $client = SendIm::Client.open(on_step: ->(_) {})
      $box = SendIm::Sandbox.open(https: true)
      in_child do
        $client = $box = nil
        GC.start
      end
      $client.deliver("lenea@contoso.com", "after")
      $client.close
      raise "the authority is gone" unless File.exist?($box.ca_file)
      $box.close
    RUBY
    a_grandchild_starts_over_too: [%w[child grandchild parent], <<~'RUBY'],
      one("parent")
      in_child do
        one("child")
        in_child { one("grandchild") }
      end
    RUBY
    a_child_that_leaves_a_client_open_signs_it_out_at_its_end: [%w[child parent], <<~'RUBY'],
      one("parent")
      child = fork do
        SendIm::Client.open.deliver("lenea@contoso.com", "child")
        exit 7
      end
      raise unless finish(child) == 7
    RUBY
    steps_logs_and_tokens_work_in_a_child: [%w[again child parent], <<~'RUBY'],
      require "logger"
      require "stringio"
      both = lambda do |name|
        steps = []
        log = StringIO.new
        one(name, on_step: ->(step) { steps << step }, logger: Logger.new(log))
        raise if steps.empty? || log.string.empty?
        asked = 0
        begin
          token = ->(_) { asked += 1 and "bad" }
          one("refused", account: SendIm::Account.new(address: "t@contoso.com", token: token))
        rescue SendIm::SignInError
          raise if asked.zero?
        end
      end
      both.call("parent")
      in_child { both.call("child") }
      both.call("again")
    RUBY
    a_fork_in_the_middle_of_a_call_leaves_it_to_the_parent: [%w[parent], <<~'RUBY']
      child = nil
      forked = lambda do |step|
        next if child || step.step != :invite

        child = fork
      end
      begin
        receipt = SendIm.send_im("slow@contoso.com", "parent", on_step: forked)
      rescue SendIm::ClientClosed => error
        exit!(error.message.include?("fork") ? 9 : 1)
      end
      raise unless receipt.accepted_by == "slow@contoso.com"
      raise unless finish(child) == 9
    RUBY
  }.each do |name, (delivered, program)|
    define_method(:"test_#{name}") do
      check program
      assert_equal [delivered, "0 open"], seen
    end
  end

  def test_a_sandbox_of_the_parent_serves_the_child
    check <<~'RUBY'
      SendIm::Sandbox.open(https: true) do |sandbox|
        account = sandbox.account("tosh@contoso.com")
        in_child do
          SendIm.send_im("lenea@contoso.com", "child", account: account)
          closed { sandbox.messages }
        end
        raise unless sandbox.messages.map(&:text) == ["child"]
        raise unless File.exist?(sandbox.ca_file)
      end
    RUBY
  end

  def test_forks_while_other_threads_send
    check <<~'RUBY'
      stop = false
      threads = Array.new(4) do
        Thread.new { SendIm::Client.open { |client| client.deliver("lenea@contoso.com", "noise") until stop } }
      end
      20.times { |n| in_child { one("child #{n}") } }
      stop = true
      threads.each(&:join)
    RUBY
    texts, open = seen
    assert_equal [Array.new(20) { |n| "child #{n}" }.sort, "0 open"], [texts - ["noise"], open]
  end

  def test_a_daemon
    Dir.mktmpdir do |folder|
      done = File.join(folder, "done")
      check <<~RUBY
        one("before")
        exit!(0) if fork
        Process.daemon(true)
        one("daemon", on_step: ->(_) {})
        File.write(#{done.dump}, "done")
      RUBY
      assert(eventually { File.exist?(done) })
    end
    assert_equal [%w[before daemon], "0 open"], seen
  end
end
