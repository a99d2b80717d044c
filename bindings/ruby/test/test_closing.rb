# frozen_string_literal: true

require_relative "helper"

# What closing promises.
class TestClosing < Minitest::Test
  # Its `silent@` rings for an hour: what waited for an answer would count as hanging.
  def setup
    @sandbox = SendIm::Sandbox.open(ring: 3600, slow: 1)
    @client = SendIm::Client.open(account: account)
  end

  attr_reader :client

  def teardown
    client.cancel_all
    super
  end

  # A call on a thread of its own; its value is what it returns or raises.
  def begin_call
    Thread.new do
      yield
    rescue SendIm::Error => e
      e
    end
  end

  def send_to(address, **more) = begin_call { client.deliver(address, "hi", timeout: 3600, **more) }

  def ended(call)
    assert call.join(HANG), "it hangs"
    call.value
  end

  def close(**more) = ended(begin_call { client.close(**more) })

  def requests(method, part)
    journal.select { |exchange| exchange[:method] == method && exchange[:path].include?(part) }
  end

  def assert_rings(count = 1)
    assert(eventually { requests("POST", "messagingInvitations").size >= count })
  end

  def assert_fails(type, sent, call)
    error = ended(call)
    assert_instance_of type, error
    assert_equal sent, error.sent
  end

  def test_it_waits_for_what_is_under_way
    slow = send_to("slow@contoso.com")
    assert_rings
    assert_nil close
    assert_equal "slow@contoso.com", ended(slow).accepted_by
    assert_nil close(timeout: 1)
    assert_fails SendIm::ClientClosed, :no, send_to("lenea@contoso.com")
    assert_equal 0, open_applications
  end

  def test_what_has_not_ended_within_the_bound_is_cancelled
    silent = send_to("silent@contoso.com")
    assert_rings
    assert_nil close(timeout: 0.3)
    assert_fails SendIm::Cancelled, :maybe, silent
    assert_equal [:cancelled, 130, 0], [silent.value.kind, silent.value.exit_code, open_applications]
    assert_empty sandbox.messages
  end

  def test_a_bound_is_a_number_of_seconds
    assert_raises(TypeError) { client.close(timeout: "5") }
    failing(SendIm::InvalidInput) { client.close(timeout: Float::NAN) }
    assert_equal 1, open_applications
  end

  def test_cancel_all_ends_every_send_and_says_whether_it_can_have_arrived
    text = send_to("silent@contoso.com")
    html = send_to("silent@d1.contoso.com", html: true) # goes out once somebody has accepted
    many = begin_call { client.deliver_all([SendIm::Message.new("silent@d2.contoso.com", "hi", timeout: 3600)]) }
    assert_rings 3
    assert_nil client.cancel_all
    assert_fails SendIm::Cancelled, :maybe, text
    assert_fails SendIm::Cancelled, :no, html
    assert_equal [SendIm::Cancelled], ended(many).map(&:class)
    assert_fails SendIm::ClientClosed, :no, send_to("lenea@contoso.com")
    assert_nil close
    assert_equal 0, open_applications
    assert_empty sandbox.messages
  end

  { status: { http: 400 }, delay: { ms: 3_600_000 } }.each do |name, detail|
    define_method(:"test_a_close_that_fails_by_#{name}_does_not_hide_the_exception_of_the_block") do
      sandbox.add_fault(:delete_application, { name => detail }, times: 0)
      assert_raises(ZeroDivisionError) { SendIm::Client.open(account: account) { 1 / 0 } }
      refute_empty requests("DELETE", "applications")
    end
  end
end
