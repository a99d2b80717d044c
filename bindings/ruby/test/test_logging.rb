# frozen_string_literal: true

require_relative "helper"
require "logger"
require "stringio"

# What a logger is told.
class TestLogging < Minitest::Test
  TEXT = "the text of the message, which is secret"

  def setup
    @io = StringIO.new
    @logger = Logger.new(@io, level: Logger::DEBUG)
  end

  def lines = @io.string.lines.grep(/send_im: /)

  def test_each_step_is_a_line_at_debug_level
    receipt = SendIm.send_im("lenea@contoso.com", "hi", logger: @logger, account: account)
    assert_operator lines.size, :>=, receipt.steps.size
    assert(lines.all? { |line| line.start_with?("D, ") })
    host = sandbox.url[%r{//([^/]+)}, 1]
    assert_match(/send_im: discover: #{Regexp.escape(host)} answered 200 after \d+\.\d ms$/, lines.first)
  end

  def test_nothing_is_said_above_debug
    @logger.level = Logger::INFO
    SendIm.send_im("lenea@contoso.com", "hi", logger: @logger, account: account)
    assert_empty @io.string
  end

  def test_the_logger_of_the_module_is_the_default
    SendIm.logger = @logger
    SendIm.send_im("lenea@contoso.com", "hi", account: account)
    SendIm::Client.open(account: account) do |client|
      @io.truncate(0)
      client.deliver("lenea@contoso.com", "hi")
      assert_match(/invite/, @io.string)
    end
  ensure
    SendIm.logger = nil
  end

  def test_any_object_with_debug_will_do
    told = []
    logger = Object.new
    logger.define_singleton_method(:debug) { |text| told << text }
    SendIm.send_im("lenea@contoso.com", "hi", logger: logger, on_step: ->(_) { raise "s3cret" }, account: account)
    assert(told.any? { |text| text.include?("discover") })
    assert(told.any? { |text| text.include?("the on_step callback failed (RuntimeError)") })
    refute_includes told.join, "s3cret"
  end

  def test_a_logger_that_fails_does_not_fail_the_send
    logger = Object.new
    logger.define_singleton_method(:debug) { |_| raise IOError, "disk full" }
    assert SendIm.send_im("lenea@contoso.com", "hi", logger: logger, account: account).accepted_by
    fail_too = ->(_) { raise "no" }
    assert SendIm.send_im("lenea@contoso.com", "hi", logger: logger, on_step: fail_too, account: account).accepted_by
  end

  def test_a_failing_callback_is_a_warning
    SendIm.send_im("lenea@contoso.com", "hi", logger: @logger, on_step: ->(_) { raise "broken" }, account: account)
    assert(@io.string.lines.any? { |line| line.start_with?("W, ") && line.include?("on_step") })
  end

  def test_a_failing_sign_out_of_a_block_is_a_warning
    SendIm::Client.open(account: account, logger: @logger) do
      sandbox.add_fault(:delete_application, { status: { http: 400 } }, times: 0)
    end
    warnings = @io.string.lines.grep(/^W, /)
    assert_includes warnings.first, "signing out failed"
  end

  Logger::Severity.constants.each do |level|
    define_method(:"test_no_secret_at_level_#{level.downcase}") do
      @logger.level = Logger::Severity.const_get(level)
      SendIm.send_im("lenea@contoso.com", TEXT, subject: "a secret subject", logger: @logger, account: account)
      [["declines@contoso.com", {}], ["lenea@contoso.com", { password: "wrong" }], ["lenea", {}]].each do |to, more|
        failing { SendIm.send_im(to, TEXT, subject: "a secret subject", logger: @logger, account: account(**more)) }
      end
      [PASSWORD, TEXT, "a secret subject", "cwt="].each { |secret| refute_includes @io.string, secret }
    end
  end

  def test_a_library_is_silent_by_itself
    done = script(<<~RUBY)
      require "send_im"
      SendIm::Sandbox.open do |sandbox|
        account = sandbox.account("tosh@contoso.com")
        SendIm.send_im("lenea@contoso.com", "hi", account: account)
        begin
          SendIm.send_im("declines@contoso.com", "hi", on_step: ->(_) { 1 / 0 }, account: account)
        rescue SendIm::Error
        end
      end
    RUBY
    assert_equal [0, "", ""], done.to_a
  end
end
