# frozen_string_literal: true

require_relative "helper"

# The example program, as a person runs it.
class TestExample < Minitest::Test
  EXAMPLE = File.join(ROOT, "examples", "ruby", "send.rb")

  def run_example(*arguments, password: PASSWORD)
    environment = { **stored, "SEND_IM_PASSWORD" => password }
    run_process(environment, RbConfig.ruby, "-I", File.join(PACKAGE, "lib"), EXAMPLE, *arguments)
  end

  SENTENCE = /\A\S[^\n]*\.\n\z/

  {
    it_sends: [0, %w[lenea@contoso.com hello], "lenea@contoso.com accepted the message (invitation_accepted).\n"],
    it_says_how_it_is_used: [2, %w[lenea@contoso.com], /\Ausage: /],
    a_bad_address: [2, %w[lenea hello], SENTENCE],
    a_wrong_password: [3, %w[lenea@contoso.com hello], SENTENCE, "wrong"],
    a_recipient_who_is_busy: [4, %w[busy@contoso.com hello], SENTENCE]
  }.each do |name, (code, arguments, said, password)|
    define_method(:"test_#{name}") do
      done = run_example(*arguments, password: password || PASSWORD)
      out, silent = code.zero? ? [done.out, done.err] : [done.err, done.out]
      assert_equal [code, ""], [done.code, silent]
      assert_operator said, :===, out
      assert_equal code.zero? ? %w[hello] : [], sandbox.messages.map(&:text)
    end
  end
end
