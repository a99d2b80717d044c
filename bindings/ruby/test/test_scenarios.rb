# frozen_string_literal: true

require_relative "helper"

# The cases that every language must pass, from tests/scenarios/scenarios.json; its README tells the format.
class TestScenarios < Minitest::Test
  # Shorter words may occur by chance.
  TELLING = 10

  def self.merged(default, given)
    return given unless default.is_a?(Hash) && given.is_a?(Hash) && !given.key?("repeat")

    default.merge(given) { |_, old, new| merged(old, new) }
  end

  def self.expanded(value)
    case value
    in Hash if value.keys.sort == %w[repeat times] then value["repeat"] * value["times"]
    in Hash then value.transform_values { |inner| expanded(inner) }
    in Array then value.map { |inner| expanded(inner) }
    else value
    end
  end

  document = JSON.parse(File.read(File.join(ROOT, "tests", "scenarios", "scenarios.json")))
  CASES = document["cases"].map { |given| expanded(merged(document["defaults"], given)) }

  CASES.each do |given|
    define_method("test_#{given["name"]}") do
      check(given)
    end
  end

  def test_there_are_cases
    assert_operator CASES.size, :>, 50
  end

  private

  def check(given)
    spec = given["sandbox"]
    layout = spec["layout"].tr("-", "_").to_sym
    SendIm::Sandbox.open(layout: layout, https: spec["https"], ring: spec["ring_ms"] / 1000.0) do |sandbox|
      spec["faults"].each { |fault| add_fault(sandbox, fault) }
      results = act(given, sandbox)
      wanted = (given["expect"]["inbox"] || []).size * given["count"]
      eventually { sandbox.messages.size >= wanted }
      eventually { sandbox.open_applications.zero? }
      check_results(given, results)
      check_server(given, results, sandbox)
    end
  end

  def add_fault(sandbox, fault)
    how = fault.slice("skip", "times").transform_keys(&:to_sym)
    sandbox.add_fault(fault["route"], fault["action"], **how)
  end

  def act(given, sandbox)
    messages = (1..given["count"]).map { |n| message_of(numbered(given["message"], n)) }
    who = account_of(given["account"], sandbox)
    if given["action"] == "send"
      return messages.map { |one| caught { SendIm.send_im(one.to, one.text, **options(one), **who) } }
    end

    SendIm::Client.open(**who, timeout: given["message"]["timeout_ms"] / 1000.0) do |client|
      given["action"] == "send_all" ? client.send_all(messages) : in_threads(client, messages)
    end
  end

  def account_of(spec, sandbox)
    {
      address: spec["address"],
      username: spec["username"],
      password: spec["password"],
      server: spec["server"] == "sandbox" ? sandbox.url : spec["server"].gsub("{root}", sandbox.url),
      ca_file: spec["ca"] == "right" ? sandbox.ca_file : nil
    }
  end

  def message_of(spec)
    SendIm::Message.new(
      spec["to"], spec["text"], subject: spec["subject"], importance: spec["importance"].to_sym, html: spec["html"],
                                timeout: spec["timeout_ms"] / 1000.0, wait: spec["wait"].to_sym
    )
  end

  def options(message)
    message.to_h.except(:to, :text)
  end

  def in_threads(client, messages)
    begun = Thread::Queue.new
    threads = messages.map do |message|
      Thread.new do
        begun.pop
        caught { client.send_im(message.to, message.text, **options(message)) }
      end
    end
    begun.close
    threads.map(&:value)
  end

  def caught
    yield
  rescue SendIm::Error => e
    e
  end

  def check_results(given, results)
    assert_equal given["count"], results.size
    expect = given["expect"]
    results.each.with_index(1) do |result, n|
      succeeded = result.is_a?(SendIm::Receipt)
      assert_equal expect.key?("receipt"), succeeded, result.inspect
      shown = plain(result.to_h)
      wanted = numbered(expect[succeeded ? "receipt" : "error"], n)
      assert_equal wanted, shown.slice(*wanted.keys), result.inspect
      assert_equal expect.fetch("exit_code", 0), shown.fetch("exit_code", 0)
      check_secrets(given, n, result, succeeded)
    end
  end

  def check_secrets(given, number, result, succeeded)
    everything = "#{result.to_h} #{result.inspect} #{result}"
    password = given["account"]["password"]
    text = numbered(given["message"], number)["text"]
    refute_includes everything, password if password.size >= TELLING
    refute_includes everything, text if !succeeded && text.size >= TELLING
  end

  def check_server(given, results, sandbox)
    expect = given["expect"]
    delivered = sandbox.messages.map { |message| on_the_wire(message) }
    assert_equal expect["inbox_count"], delivered.size if expect.key?("inbox_count")
    entries = expect["inbox"]
    entries ||= [] if expect.key?("error") && results.all? { |result| result.sent == :no }
    check_inbox(entries, given["count"], delivered) if entries
    if results.size == 1 && delivered.size == 1 && results.first.is_a?(SendIm::Receipt)
      assert_equal "text/#{results.first.format}", delivered.first["format"]
    end
    check_requests(expect, sandbox.journal)
    assert_equal 0, sandbox.open_applications
  end

  def check_inbox(entries, count, delivered)
    left = delivered.dup
    entries.each do |entry|
      (1..count).each do |n|
        wanted = numbered(entry, n)
        at = left.index { |each| each.slice(*wanted.keys) == wanted }
        refute_nil at, "nothing like #{wanted} in #{left.map { |each| each.except("text") }}"
        left.delete_at(at)
      end
    end
    assert_empty left
  end

  def check_requests(expect, journal)
    assert_equal expect["requests"], journal.size, journal.inspect if expect.key?("requests")
    return unless expect.key?("requests_before_accept")

    way = journal.reject { |exchange| exchange.path.include?("/events") }
    invitation = way.index do |exchange|
      exchange.http_method == "POST" && exchange.path.downcase.end_with?("/messaginginvitations")
    end
    # The invitation itself, and the event channel's answer.
    assert_operator invitation + 2, :<=, expect["requests_before_accept"], way.inspect
  end

  # The names and words of the sandbox's own interface, which the scenarios use.
  def on_the_wire(message)
    plain(message.to_h.except(:sender)).merge(
      "from" => message.sender,
      "importance" => message.importance.name.capitalize,
      "format" => "text/#{message.format}"
    )
  end

  def plain(members)
    members.to_h { |name, value| [name.name, value.is_a?(Symbol) ? value.name : value] }
  end

  def numbered(value, number)
    case value
    in String then value.gsub("{n}", number.to_s)
    in Hash then value.transform_values { |inner| numbered(inner, number) }
    else value
    end
  end
end
