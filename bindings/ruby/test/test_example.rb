# frozen_string_literal: true

require_relative "helper"

# The example program, as a person runs it.
class TestExample < Minitest::Test
  EXAMPLE = File.join(ROOT, "examples", "ruby", "send.rb")

  def run_example(*arguments, password: PASSWORD)
    environment = { **stored, "SEND_IM_PASSWORD" => password }
    run_process(environment, RbConfig.ruby, "-I", File.join(PACKAGE, "lib"), EXAMPLE, *arguments)
  end

  def test_it_sends
    done = run_example("lenea@contoso.com", "hello world")
    assert_equal [0, "lenea@contoso.com accepted the message (invitation_accepted).\n", ""], done.to_a
    assert_equal ["hello world"], sandbox.messages.map(&:text)
  end

  {
    2 => ["lenea", PASSWORD],
    3 => ["lenea@contoso.com", "wrong"],
    4 => ["busy@contoso.com", PASSWORD]
  }.each do |code, (to, password)|
    define_method(:"test_it_ends_with_the_sentence_and_the_exit_code_#{code}") do
      done = run_example(to, "hello world", password: password)
      assert_equal [code, ""], [done.code, done.out]
      assert_match(/\A\S[^\n]*\.\n\z/, done.err)
    end
  end

  def test_it_says_how_it_is_used
    done = run_example("lenea@contoso.com")
    assert_equal [2, ""], [done.code, done.out]
    assert_match(/\Ausage: /, done.err)
  end
end
