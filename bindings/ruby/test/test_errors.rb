# frozen_string_literal: true

require_relative "helper"

# What a program sees when a call fails.
class TestErrors < Minitest::Test
  CODES = { SendIm::InvalidInput => 2, SendIm::SignInError => 3, SendIm::NotDelivered => 4, SendIm::ServiceError => 5,
            SendIm::OutcomeUnknown => 6, SendIm::Cancelled => 130 }.freeze

  def failure_of(kind, code)
    SendImUniffi::Failure.new(kind: kind, step: nil, detail: "Something new.", sent: "maybe", http_status: nil,
                              code: nil, subcode: nil, diagnostics: nil, retry_after_ms: 1500, hops: [],
                              exit_code: code, cause: nil)
  end

  def failed(to = "lenea@contoso.com", timeout: 60, **who)
    failing { SendIm.send_im(to, "hi", account: account(**who), timeout: timeout) }
  end

  def test_a_nul_is_refused_and_cuts_nothing
    assert_instance_of SendIm::InvalidInput, failed("lenea\0@contoso.com")
    failing(SendIm::InvalidInput) { SendIm.send_im("lenea@contoso.com", "disk\0full", account: account) }
    assert_empty journal
  end

  def test_an_error_survives_the_way_to_another_process
    [failed("declines@contoso.com"), failed(server: "http://127.0.0.1:1/", timeout: 5)].each do |error|
      twin = Marshal.load(Marshal.dump(error))
      assert_instance_of error.class, twin
      assert_equal error.to_h, twin.to_h
      assert(twin.hops.all?(SendIm::Hop))
    end
    assert_includes failed(server: "http://127.0.0.1:1/", timeout: 5).hops.first.url, "127.0.0.1:1"
  end

  def test_a_backtrace_begins_at_the_line_of_the_program
    client = SendIm::Client.open(account: account)
    sealed = sandbox.account(SENDER, token: ->(_) { raise })
    {
      SendIm::NotDelivered => -> { SendIm.send_im("declines@contoso.com", "hi", account: account) },
      SendIm::InvalidInput => -> { client.deliver("lenea", "hi") },
      SendIm::CredentialUnavailable => -> { SendIm::Client.open(account: sealed) },
      SendIm::ClientClosed => -> { SendIm::Client.new(account: account).deliver("a@contoso.com", "hi") },
      SendIm::DeadlineExceeded => -> { sandbox.wait_for(1, timeout: 0) },
      TypeError => -> { client.close(timeout: "5") }
    }.each do |type, use|
      error = assert_raises(type, &use)
      assert_equal "#{__FILE__}:#{use.source_location.last}", error.backtrace.first[/\A.*?:\d+/], type
    end
    client.close
  end

  def test_it_can_be_matched
    error = failed("busy@contoso.com")
    assert_equal [error.message, nil], [error.detail, error.cause]
    matched = case error
              in SendIm::NotDelivered(kind: :busy, sent: :no) then true
              end
    assert matched
  end

  def test_one_parent_for_all
    classes = SendIm.constants.map { |name| SendIm.const_get(name) }.grep(Class).select { |type| type <= Exception }
    assert_equal 11, classes.size
    assert(classes.all? { |type| type <= SendIm::Error })
    assert_empty SendIm::Error::KINDS.values - classes
  end

  def test_a_kind_from_the_future_is_still_an_error
    error = SendIm::Error.from(failure_of("brand_new", 5))
    assert_instance_of SendIm::ServiceError, error
    assert_equal [:brand_new, "Something new.", 1.5], [error.kind, error.message, error.retry_after]
  end

  def test_a_program_may_raise_one_in_its_tests
    error = assert_raises(SendIm::NotDelivered) { raise SendIm::NotDelivered.new("Busy.", kind: :busy) }
    assert_equal [:busy, 4, :no, [], nil], [error.kind, error.exit_code, error.sent, error.hops, error.step]
    fields = { kind: :throttled, step: :invite, sent: :maybe, http_status: 429, code: "TooManyRequests",
               subcode: "Other", diagnostics: "28010", retry_after: 5.0, exit_code: 9,
               hops: [SendIm::Hop.new(url: "https://pool/", outcome: "429")] }
    assert_equal({ detail: "Later.", **fields }, SendIm::ServiceError.new("Later.", **fields).to_h)
    # A name that nobody knows may be a secret in the wrong place.
    refused = assert_raises(ArgumentError) { SendIm::Error.new("x", s3cret: :busy) }
    refute_includes refused.message, "s3cret"
  end

  def test_a_program_may_make_one_of_each_kind_of_the_core
    source = File.read(File.join(ROOT, "core", "client", "src", "error", "kind.rs"))
    codes = source.scan(/= "([a-z_]+)", exit (\d+);/).to_h { |kind, code| [kind.to_sym, Integer(code)] }
    assert_equal codes.keys.sort, SendIm::Error::KINDS.keys.sort
    SendIm::Error::KINDS.each do |kind, type|
      code = codes.fetch(kind)
      assert_operator type, :<=, CODES.key(code), kind
      [type, SendIm::Error].each do |made|
        error = made.new("Something happened.", kind: kind)
        assert_equal [kind, code], [error.kind, error.exit_code]
      end
      error = type.new("Something happened.")
      assert_equal [code, type == SendIm::OutcomeUnknown ? :maybe : :no], [error.exit_code, error.sent]
      assert_same type, SendIm::Error::KINDS[error.kind]
      assert_equal error.kind, Class.new(type).new.kind
    end
  end

  def test_a_program_may_make_a_receipt
    receipt = SendIm::Receipt.new(to: "lenea@contoso.com")
    assert_equal ["lenea@contoso.com", :invitation_accepted, :plain, nil, []],
                 [receipt.accepted_by, receipt.evidence, receipt.format, receipt.thread_id, receipt.steps]
    assert_nil SendIm::Receipt.new(to: "lenea@contoso.com", evidence: :submitted).accepted_by
    assert_nil SendIm::Receipt.new(to: "lenea@contoso.com", accepted_by: nil).accepted_by
    assert_raises(ArgumentError) { SendIm::Receipt.new(to: "lenea@contoso.com", too: "x") }
  end

  def test_a_library_of_another_version_is_refused
    done = script(<<~RUBY)
      require "send_im/version"
      SendIm.send(:remove_const, :VERSION)
      SendIm::VERSION = "99.0.0"
      begin
        require "send_im"
      rescue LoadError => error
        puts error.message
      end
    RUBY
    assert_match(/is of version \d.*, this package of 99\.0\.0/, done.out)
  end
end
