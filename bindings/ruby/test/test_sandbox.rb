# frozen_string_literal: true

require_relative "helper"

# The sandbox as a person's own tests use it.
class TestSandbox < Minitest::Test
  def hello(sandbox, to = "lenea@contoso.com", from: SENDER)
    SendIm.send_im(to, "hi", account: sandbox.account(from, password: PASSWORD))
  end

  def test_inboxes_and_messages
    hello(sandbox, "a@contoso.com")
    hello(sandbox, "b@contoso.com")
    assert_equal %w[a@contoso.com], sandbox.inbox("a@contoso.com").map(&:to)
    assert_equal [1, 2], sandbox.messages.map(&:number)
    message = sandbox.messages.first
    assert_equal [SENDER, "hi", :normal, :plain, :invitation, nil],
                 [message.sender, message.text, message.importance, message.format, message.via, message.subject]
    assert_in_delta Time.now.to_f, message.received_at.to_f, 3600
    assert_predicate message.received_at, :utc?
    refute_includes message.inspect, "hi\""
  end

  def test_its_options
    SendIm::Sandbox.open(layout: :two_pools, ring: 0.05, users: { SENDER => PASSWORD }) do |sandbox|
      assert_nil sandbox.ca_file
      assert_equal :no_answer, failing(SendIm::NotDelivered) { hello(sandbox, "silent@contoso.com") }.kind
      failing(SendIm::SignInError) { hello(sandbox, from: "ada@contoso.com") }
      assert hello(sandbox).accepted_by
      assert_equal :timeout, failing(SendIm::DeadlineExceeded) { sandbox.wait_for(2, timeout: 0.05) }.kind
    end
    failing(SendIm::InvalidInput) { SendIm::Sandbox.open(layout: :three_pools) }
  end

  def test_the_authority_is_removed_with_the_sandbox
    sandbox = SendIm::Sandbox.open(https: true)
    path = sandbox.ca_file
    assert_includes File.read(path), "BEGIN CERTIFICATE"
    sandbox.close
    refute_path_exists path
    assert_nil sandbox.ca_file
  end

  def test_faults
    sandbox.add_fault(:applications, { status: { http: 403, code: "Forbidden" } }, times: 0)
    assert_equal :forbidden, failing { hello(sandbox) }.kind
    sandbox.clear_faults
    assert hello(sandbox).accepted_by
    failing(SendIm::InvalidInput) { sandbox.add_fault(:nowhere, :drop_before) }
    told = failing(SendIm::InvalidInput) { sandbox.add_fault(:any, :explode) }.detail
    assert_match(/\AThis is not a fault: there is no action `explode`; the actions are status, /, told)
  end

  def test_its_own_interface
    assert_nil sandbox.request(:put, "recipients/lenea@contoso.com", { forward_to: "ada@contoso.com" })
    assert_equal "ada@contoso.com", hello(sandbox).accepted_by
    assert_equal "hi", sandbox.request("GET", "messages?to=ada@contoso.com").first[:text]
    sandbox.request(:delete, "messages")
    assert_empty sandbox.messages
    told = failing(SendIm::InvalidInput) { sandbox.request(:get, "secrets") }.detail
    assert_equal "The sandbox refuses this request: there is no such resource or method.", told
  end

  def test_a_stopped_sandbox_says_so
    sandbox = SendIm::Sandbox.new
    assert_equal "#<SendIm::Sandbox #{sandbox.url}>", sandbox.inspect
    assert_nil sandbox.close
    assert_nil sandbox.close
    assert_equal :closed, failing(SendIm::ClientClosed) { sandbox.messages }.kind
  end
end
