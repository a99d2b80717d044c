# frozen_string_literal: true

require_relative "helper"
require "minitest/mock"

# What the documentation shows is run, and what is public is documented.
class TestDocs < Minitest::Test
  SNIPPETS = File.read(File.join(PACKAGE, "README.md")).scan(/^```ruby\n(.*?)^```/m).flatten

  def test_the_readme_opens_with_lines_that_work
    assert_equal 5, SNIPPETS.first.lines.size
    assert_equal [0, "lenea@contoso.com hello world\n", ""], script(SNIPPETS.first).to_a
  end

  # Every argument and result is held against the signatures meanwhile, by the gem `rbs` that comes with Ruby.
  CHECKED = { "RUBYOPT" => "-W0 -rrbs/test/setup", "RBS_TEST_TARGET" => "SendIm,SendIm::*", "RBS_TEST_RAISE" => "true",
              "RBS_TEST_LOGLEVEL" => "error", "RBS_TEST_OPT" => "-I #{PACKAGE}/sig -r uri -r pathname" }.freeze

  SNIPPETS.each_with_index do |snippet, n|
    define_method(:"test_snippet_#{n}_of_the_readme_works_as_the_signatures_say") do
      done = script(snippet, environment: { **stored, **CHECKED })
      assert_equal [0, ""], [done.code, done.err]
    end
  end

  def test_the_readme_tells_the_class_of_each_kind
    rows = File.read(File.join(PACKAGE, "README.md")).scan(/^\| (?:– )?`(\w+)` \| ([a-z_, ]+) \| (\d+) \|$/)
    told = rows.flat_map { |name, kinds, _| kinds.split(", ").map { |kind| [kind.to_sym, SendIm.const_get(name)] } }
    assert_equal SendIm::Error::KINDS, told.to_h
  end

  def test_the_version_is_that_of_the_workspace
    manifest = File.read(File.join(ROOT, "Cargo.toml"))
    assert_equal manifest[/^version = "([^"]+)"/, 1], SendIm::VERSION
  end

  def test_the_gem_of_a_mac_is_for_each_version_of_its_system
    Gem::Platform.stub(:local, Gem::Platform.new("arm64-darwin-23")) do
      assert_equal "arm64-darwin", Gem::Specification.load(File.join(PACKAGE, "send_im.gemspec")).platform.to_s
    end
  end

  def test_what_is_internal_is_hidden
    public_names = %i[Account BearerToken Cancelled Client ClientClosed ConnectionFailed CredentialUnavailable
                      DEFAULT_TIMEOUT DeadlineExceeded Delivered Error Hop InvalidInput Message NotDelivered
                      OutcomeUnknown Receipt Sandbox ServiceError SignInError Step TokenRequest VERSION Value]
    assert_equal public_names.sort, SendIm.constants.sort
  end

  def test_the_signatures_name_what_is_public
    signatures = File.read(File.join(PACKAGE, "sig", "send_im.rbs"))
    [SendIm::Client, SendIm::Sandbox, SendIm::Account, SendIm::Receipt, SendIm::Error, SendIm::Message].each do |type|
      (type.public_instance_methods(false) - Exception.instance_methods).each do |name|
        assert signatures.match?(/(def|attr_reader|alias) #{Regexp.escape(name.to_s)}[ :]/), "#{type}##{name}"
      end
    end
  end
end
