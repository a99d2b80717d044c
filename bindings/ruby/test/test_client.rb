# frozen_string_literal: true

require_relative "helper"

# The signed-in client.
class TestClient < Minitest::Test
  def sign_ins = journal.count { |exchange| exchange[:path].downcase.include?("oauthtoken") }

  def test_making_one_asks_no_server_and_signing_in_does
    client = SendIm::Client.new(account: account)
    assert_empty journal
    [-> { client.deliver("a@contoso.com", "hi") }, -> { client.deliver_all([]) }].each do |use|
      error = failing(SendIm::ClientClosed, &use)
      assert_equal :no, error.sent
      assert_includes error.message, "sign_in"
    end
    assert_nil client.cancel_all
    2.times { assert_same client, client.sign_in }
    assert_equal "a@contoso.com", client.deliver("a@contoso.com", "hi").accepted_by
    client.close
    assert_equal [1, 0], [sign_ins, open_applications]
    never = SendIm::Client.new(account: account)
    assert_nil never.close
    [client, never].each { |closed| failing(SendIm::ClientClosed) { closed.sign_in } }
  end

  def test_bad_options_are_refused_when_it_is_made
    assert_raises(TypeError) { SendIm::Client.new(account: account(address: 7)) }
    assert_raises(TypeError) { SendIm::Client.new(account: account(token: "t")) }
    assert_raises(TypeError) { SendIm::Client.new(account: { address: SENDER }) }
  end

  def test_a_sign_in_that_failed_can_be_tried_again
    client = SendIm::Client.new(account: account)
    sandbox.add_fault(:applications, { status: { http: 403, code: "Forbidden" } })
    failing(SendIm::SignInError) { client.sign_in }
    assert_equal "a@contoso.com", client.sign_in.deliver("a@contoso.com", "hi").accepted_by
    client.close
  end

  def test_threads_that_sign_in_together_open_one_session
    client = SendIm::Client.new(account: account)
    sandbox.add_fault(:applications, { delay: { ms: 100 } })
    assert_equal [client], Array.new(4) { Thread.new { client.sign_in } }.map(&:value).uniq
    assert_equal 1, open_applications
    client.close
  end

  def test_a_close_that_fails_closes_all_the_same
    client = SendIm::Client.open(account: account)
    sandbox.add_fault(:delete_application, { status: { http: 400 } }, times: 0)
    refute_predicate client, :closed?
    failing { client.close }
    assert_predicate client, :closed?
  end

  def test_an_error_in_the_block_is_not_hidden_and_signs_out
    assert_raises(ZeroDivisionError) { SendIm::Client.open(account: account) { 1 / 0 } }
    [1].each { SendIm::Client.open(account: account) { break } }
    assert_equal 0, open_applications
  end

  def test_deliver_all_answers_in_order
    messages = Array.new(20) { |n| SendIm::Message.new("user#{n}@contoso.com", "message #{n}") }
    messages[7] = SendIm::Message.new("declines@contoso.com", "no")
    messages[9] = SendIm::Message.new("nobody", "no address")
    messages[11] = SendIm::Message.new("a@contoso.com", "bad", importance: :huge)
    messages[12] = SendIm::Message.new("a@contoso.com", "half \xff")
    messages[13] = SendIm::Message.new("a@contoso.com", "late", timeout: Float::NAN)
    results = SendIm::Client.open(account: account) { |client| client.deliver_all(messages.each) }
    expected = Array.new(20) { |n| "user#{n}@contoso.com" }
    expected[7] = :declined
    [9, 11, 12, 13].each { |n| expected[n] = :invalid_input }
    assert_equal expected, (results.map { |result| result.is_a?(SendIm::Error) ? result.kind : result.accepted_by })
    assert_instance_of SendIm::NotDelivered, results[7]
    assert_nil results[12].backtrace
    assert_equal 15, sandbox.messages.size
  end

  def test_deliver_all_of_nothing_and_of_something_else
    value = SendIm::Client.open(account: account) do |client|
      assert_equal [], client.deliver_all([])
      assert_raises(TypeError) { client.deliver_all(["hi"]) }
      7
    end
    assert_equal 7, value
  end

  def test_on_step_of_a_client_hears_every_send
    seen = []
    SendIm::Client.open(account: account, on_step: ->(step) { seen << step.step }) do |client|
      assert_equal :discover, seen.first
      seen.clear
      client.deliver("lenea@contoso.com", "hi")
      assert_includes seen, :invite
    end
    assert_equal :sign_out, seen.last
  end

  def test_a_client_nobody_refers_to_signs_out
    Thread.new { SendIm::Client.open(account: account).deliver("lenea@contoso.com", "hi") && nil }.join
    assert_equal 1, open_applications
    signed_out = eventually do
      GC.start
      open_applications.zero?
    end
    assert signed_out
  end

  def test_its_inspection_shows_who_and_no_secret
    client = SendIm::Client.open(account: account)
    assert_equal "#<SendIm::Client tosh@contoso.com>", client.inspect
    client.close
    assert_equal "#<SendIm::Client tosh@contoso.com (closed)>", client.inspect
    made = SendIm::Client.new(account: account)
    refute_includes "#{made.inspect} #{made}", PASSWORD
    error = assert_raises(NoMethodError) { made.delvier }
    assert_includes error.backtrace.first, File.basename(__FILE__)
    refute_includes error.message, PASSWORD
  end
end
