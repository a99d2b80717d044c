# frozen_string_literal: true

require_relative "helper"
require "pathname"
require "uri"

# The one call.
class TestSend < Minitest::Test
  # With options of the message and of the account.
  def send_with(options)
    ours = options.slice(*SendIm::Account.members)
    SendIm.send_im("lenea@contoso.com", "hi", account: account(**ours), **options.except(*ours.keys))
  end

  def test_words_may_be_strings_and_the_call_has_another_name
    SendIm.deliver("lenea@contoso.com", "hi", importance: "urgent", wait: "delivered", account: account)
    assert_equal :urgent, sandbox.messages.first.importance
  end

  def test_https_with_the_authority_of_the_sandbox_in_a_file
    SendIm::Sandbox.open(https: true) do |sandbox|
      send_with(server: URI(sandbox.url), ca_file: Pathname(sandbox.ca_file))
      assert_equal 1, sandbox.messages.size
    end
  end

  def test_on_step_is_called_on_this_thread_before_the_call_returns
    seen = []
    receipt = send_with(on_step: ->(step) { seen << [step, Thread.current] })
    steps = seen.map(&:first)
    assert_equal [Thread.current], seen.map(&:last).uniq
    assert_equal receipt.steps, steps.first(receipt.steps.size)
    assert_equal :sign_out, steps.last.step
  end

  def test_steps_are_told_while_the_call_goes_on
    invited = false
    heard = lambda do |step|
      next unless step.step == :invite

      invited = true
      assert_empty sandbox.messages
    end
    SendIm.send_im("slow@contoso.com", "hi", on_step: heard, account: account)
    assert invited
  end

  def test_an_on_step_may_send_by_itself
    inner = nil
    again = ->(_) { inner ||= SendIm.send_im("b@contoso.com", "inner", account: account) }
    SendIm.send_im("a@contoso.com", "outer", on_step: again, account: account)
    assert_equal "b@contoso.com", inner.accepted_by
    assert_equal %w[inner outer], sandbox.messages.map(&:text).sort
  end

  def test_an_on_step_may_leave_with_throw
    leave = ->(step) { throw :left, 7 if step.step == :invite }
    left = catch(:left) { SendIm.send_im("silent@contoso.com", "hi", on_step: leave, account: account) }
    assert_equal 7, left
    assert(eventually { open_applications.zero? })
  end

  def test_without_any_account_the_error_says_what_to_set
    Dir.mktmpdir do |folder|
      with_environment("SEND_IM_ADDRESS" => nil, "XDG_CONFIG_HOME" => folder) do
        error = failing(SendIm::InvalidInput) { SendIm.send_im("lenea@contoso.com", "hi") }
        assert_match(/SEND_IM_ADDRESS/, error.message)
      end
    end
  end

  [
    [{ importance: :huge }, "importance"],
    [{ wait: :forever }, "wait"],
    [{ tls: :old }, "current or compatible"],
    [{ timeout: 0 }, "timeout"],
    [{ timeout: Float::NAN }, "timeout"],
    [{ subject: "half \xff".dup.force_encoding("UTF-8") }, "subject"],
    [{ subject: "\x81".dup.force_encoding("Windows-1252") }, "subject"]
  ].each_with_index do |(arguments, complaint), n|
    define_method(:"test_bad_options_are_refused_before_any_request_#{n}_#{arguments.keys.first}") do
      error = failing(SendIm::InvalidInput) { send_with(arguments) }
      assert_match(/#{complaint}/, error.message)
      assert_equal [:invalid_input, 2], [error.kind, error.exit_code]
      assert_empty journal
    end
  end

  [{ subject: 7 }, { ca_file: 7 }, { tls: 7 }, { trusted_domains: [7] }, { token: "t" }, { timeout: "60" },
   { importance: 1 }, { password: 424_242 }].each do |arguments|
    define_method(:"test_a_wrong_type_is_a_type_error_that_shows_no_value_#{arguments.keys.first}") do
      error = assert_raises(TypeError) { send_with(arguments) }
      refute_match(/424242/, error.message)
      assert_raises(TypeError) { SendIm.send_im(nil, "hi", account: account) }
    end
  end

  def test_texts_of_other_encodings_arrive
    SendIm.send_im("lenea@contoso.com", "Gr\xF6\xDFe".dup.force_encoding("ISO-8859-1"), account: account)
    SendIm.send_im("lenea@contoso.com", "Größe".b, account: account)
    assert_equal %w[Größe Größe], sandbox.messages.map(&:text)
  end

  def test_the_strings_of_the_caller_are_left_alone
    text = +"Größe"
    text.force_encoding(Encoding::BINARY)
    SendIm.send_im("lenea@contoso.com", text, account: account)
    assert_equal Encoding::BINARY, text.encoding
    refute_predicate text, :frozen?
  end

  def test_an_endless_timeout_is_taken
    assert SendIm.send_im("lenea@contoso.com", "hi", timeout: Float::INFINITY, account: account).accepted_by
    assert SendIm.send_im("lenea@contoso.com", "hi", timeout: nil, account: account).accepted_by
    assert SendIm.send_im("lenea@contoso.com", "hi", timeout: Rational(61, 2), account: account).accepted_by
  end

  def test_values_are_frozen_and_compare_by_their_fields
    one = SendIm::Message.new("a@contoso.com", "hi")
    assert_predicate one, :frozen?
    assert_equal one, SendIm::Message.new("a@contoso.com", "hi")
    assert_equal 1, [one, SendIm::Message.new("a@contoso.com", "hi")].uniq.size
    refute_equal one, SendIm::Message.new("a@contoso.com", "ho")
    case SendIm.send_im("lenea@contoso.com", "hi", account: account)
    in { accepted_by: String => who, steps: [SendIm::Step, *] }
      assert_equal "lenea@contoso.com", who
    end
  end

  def test_the_inspection_of_a_message_shows_neither_text_nor_subject
    message = SendIm::Message.new("a@contoso.com", "s3cret", subject: "s3cret", importance: :urgent)
    assert_equal '#<SendIm::Message to="a@contoso.com", importance=:urgent, html=false, timeout=60, wait=:delivered>',
                 message.inspect
    refute_includes SendIm::BearerToken.new("s3cret", expires_in: 5).inspect, "s3cret"
    secret = account(token: ->(_) { "s3cret" }, server: "https://tosh:s3cret@lync.contoso.com")
    assert_equal '#<SendIm::Account address="tosh@contoso.com">', secret.inspect
  end
end
