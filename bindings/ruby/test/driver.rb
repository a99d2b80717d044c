# frozen_string_literal: true

require "json"
require "send_im"

# Sends what the judge of tests/scenarios asks for, a line of JSON a case; the README there says how.
module Driver
  module_function

  def run(task)
    sender = seconds(task["account"])
    timeout = sender.delete(:timeout)
    account = SendIm::Account.new(**sender)
    messages = task["messages"].map { |given| message_of(**seconds(given)) }
    if task["action"] == "send"
      return messages.map { |one| caught { SendIm.send_im(one.to, one.text, **options(one), account: account) } }
    end

    SendIm::Client.open(account: account, sign_in_timeout: timeout) do |client|
      task["action"] == "send_all" ? client.deliver_all(messages) : in_threads(client, messages)
    end
  end

  def seconds(members)
    members.transform_keys(&:to_sym).except(:timeout_ms).merge(timeout: members["timeout_ms"] / 1000.0)
  end

  def message_of(to:, text:, importance:, wait:, **more)
    SendIm::Message.new(to, text, importance: importance.to_sym, wait: wait.to_sym, **more)
  end

  def options(message) = message.to_h.except(:to, :text)

  def in_threads(client, messages)
    begun = Thread::Queue.new
    threads = messages.map do |message|
      Thread.new do
        begun.pop
        caught { client.deliver(message.to, message.text, **options(message)) }
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

  def shown(result)
    name = result.is_a?(SendIm::Receipt) ? :receipt : :error
    { name => { **result.to_h, printed: "#{result.inspect} #{result}" } }
  end
end

$stdout.sync = true
$stdin.each_line { |line| puts JSON.generate(Driver.run(JSON.parse(line)).map { |result| Driver.shown(result) }) }
