# frozen_string_literal: true

require_relative "helper"
require "logger"
require "stringio"

# Bearer tokens from a callable.
class TestToken < Minitest::Test
  def source = ->(_) { issue_token(SENDER) }

  def send_with(token, **more)
    SendIm.send_im("lenea@contoso.com", "hi", account: sandbox.account(SENDER, token: token), **more)
  end

  def test_a_token_in_place_of_a_password_is_asked_for_again_once_revoked
    asked = []
    token = lambda do |request|
      asked << [request, Thread.current]
      SendIm::BearerToken.new(issue_token(SENDER), expires_in: 3600.5)
    end
    SendIm::Client.open(account: sandbox.account(SENDER, token: token)) do |client|
      client.deliver("lenea@contoso.com", "before")
      sandbox.request(:post, "actions/revoke-tokens")
      client.deliver("lenea@contoso.com", "after")
    end
    assert_equal %w[before after], sandbox.messages.map(&:text)
    request, thread = asked.first
    assert_instance_of SendIm::TokenRequest, request
    assert_equal sandbox.url.chomp("/"), request.origin
    refute_predicate request, :rejected?
    assert(asked.any? { |again, _| again.rejected? })
    assert_equal "send-im-token", thread.name
    assert(eventually { !thread.alive? })
  end

  def test_a_client_is_given_tokens_also_while_no_call_waits
    asked = 0
    @sandbox = SendIm::Sandbox.open(poll_timeout: 0.2)
    token = lambda do |_|
      asked += 1
      SendIm::BearerToken.new(issue_token(SENDER), expires_in: 1)
    end
    SendIm::Client.open(account: sandbox.account(SENDER, token: token)) do
      before = asked
      assert(eventually { asked > before + 1 })
    end
  end

  def test_a_callable_that_raises_is_an_error_without_its_text
    io = StringIO.new
    error = failing(SendIm::CredentialUnavailable) do
      send_with(->(_) { raise "vault is sealed, key s3cret" }, logger: Logger.new(io))
    end
    assert_kind_of SendIm::SignInError, error
    assert_equal [:credential_unavailable, :sign_in, 3], [error.kind, error.step, error.exit_code]
    assert_includes error.message, "RuntimeError"
    refute_includes error.message + io.string, "s3cret"
    assert_includes io.string, "the token callable failed (RuntimeError)"
  end

  [nil, 7, "bytes \xff"].each_with_index do |value, n|
    define_method(:"test_a_callable_that_returns_something_else_#{n}") do
      error = failing(SendIm::CredentialUnavailable) { send_with(->(_) { value }) }
      assert_match(value.is_a?(String) ? /InvalidInput/ : /#{value.class}/, error.message)
    end
  end

  VaultSealed = Class.new(Exception) # rubocop:disable Lint/InheritException -- of the worst sort

  # Gives tokens until it is sealed; keeps what it raised.
  class Vault
    attr_accessor :sealed
    attr_reader :raised

    def initialize(sandbox, sealed: false)
      @sandbox = sandbox
      @sealed = sealed
      @raised = []
    end

    def call(_request)
      return @sandbox.request(:post, "tokens/#{Helper::SENDER}")[:token] unless sealed

      @raised << VaultSealed.new("attempt #{@raised.size}")
      raise @raised.last
    end
  end

  def assert_caused(vault, error)
    assert_instance_of SendIm::CredentialUnavailable, error
    assert vault.raised.any? { |raised| raised.equal?(error.cause) }, error.cause.inspect
  end

  def test_what_the_callable_raised_is_the_cause
    vault = Vault.new(sandbox, sealed: true)
    error = failing { send_with(vault) }
    assert_caused vault, error
    assert_includes error.cause.backtrace.first, "call"
    # A cause wins over the exception that the program is handling.
    begin
      raise "another"
    rescue StandardError
      assert_caused(vault, failing { SendIm::Client.open(account: sandbox.account(SENDER, token: vault)) })
    end
  end

  def test_the_cause_of_a_later_failure_is_found_too_and_its_error_can_be_raised
    vault = Vault.new(sandbox)
    SendIm::Client.open(account: sandbox.account(SENDER, token: vault)) do |client|
      client.deliver("lenea@contoso.com", "before")
      sandbox.request(:post, "actions/revoke-tokens")
      vault.sealed = true
      assert_caused(vault, failing { client.deliver("lenea@contoso.com", "after") })
      messages = Array.new(2) { |n| SendIm::Message.new("user#{n}@contoso.com", "hi") }
      client.deliver_all(messages).each do |error|
        assert_nil error.backtrace
        caught = failing { raise error }
        assert_same error, caught
        assert_caused vault, caught
        assert_includes caught.backtrace.first, __method__.to_s
      end
      vault.sealed = false
      client.deliver("lenea@contoso.com", "opened again")
    end
    assert_equal ["before", "opened again"], sandbox.messages.map(&:text)
  end

  def test_a_callable_that_exits_ends_the_program_with_its_code
    done = script(<<~'RUBY', environment: stored)
      require "send_im"
      SendIm.send_im("lenea@contoso.com", "hi", account: SendIm::Account.new(token: ->(_) { exit 9 }))
    RUBY
    assert_equal 9, done.code
  end

  def test_a_callable_whose_thread_ends_does_not_hang_the_call
    failing(SendIm::Error) { send_with(->(_) { Thread.current.kill }, timeout: 2) }
  end

  def test_threads_end_with_their_client
    asking = -> { Thread.list.count { |thread| thread.name == "send-im-token" } }
    assert(eventually { asking.call.zero? })
    client = SendIm::Client.open(account: sandbox.account(SENDER, token: source))
    assert_equal 1, asking.call
    client.close
    assert(eventually { asking.call.zero? })
    failing { SendIm::Client.open(account: sandbox.account(SENDER, token: ->(_) { "bad" })) }
    assert(eventually { asking.call.zero? })
    SendIm::Client.open(account: sandbox.account(SENDER, token: source)) do
      sandbox.add_fault(:delete_application, { status: { http: 400 } }, times: 0)
    end
    assert(eventually { asking.call.zero? })
    forgotten = -> { SendIm::Client.open(account: sandbox.account(SENDER, token: source)) && nil }
    forgotten.call
    assert(eventually { GC.start.nil? && asking.call.zero? })
  end
end
