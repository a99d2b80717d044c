# frozen_string_literal: true

require_relative "helper"

# Long-lived programs.
class TestMemory < Minitest::Test
  SENDS = 20_000
  WARM_UP = 4_000
  # Kilobytes by which the process may grow from the end of the warm-up to the end of the sends. A leak of one kilobyte
  # a send would be 16,000.
  BOUND = 12 * 1024

  # The sandbox keeps what it delivers, so it runs in a process of its own.
  SANDBOX = <<~RUBY
    require "send_im"
    SendIm::Sandbox.open do |sandbox|
      puts sandbox.url
      $stdout.flush
      $stdin.read
      puts sandbox.messages.size
    end
  RUBY

  def resident
    GC.start
    File.read("/proc/self/status")[/^VmRSS:\s+(\d+)/, 1].to_i
  end

  def test_twenty_thousand_sends_on_one_session_leave_nothing_behind
    skip "VmRSS is Linux'" unless File.exist?("/proc/self/status")

    outside = IO.popen([RbConfig.ruby, "-I", File.join(PACKAGE, "lib"), "-e", SANDBOX], "r+")
    url = outside.gets.strip
    warm = nil
    SendIm::Client.open(address: SENDER, password: PASSWORD, server: url) do |client|
      (SENDS / 200).times do |round|
        send_all(client, 150)
        send_each(client, 50)
        warm = resident if (round + 1) * 200 == WARM_UP
      end
      growth = resident - warm
      assert_operator growth, :<, BOUND, "grew by #{growth} kB after #{WARM_UP} of #{SENDS} sends"
    end
    outside.close_write
    assert_equal SENDS, outside.read.to_i
  ensure
    outside&.close
  end

  def send_all(client, count)
    messages = Array.new(count) { |n| SendIm::Message.new("user#{n}@contoso.com", "message #{n}") }
    assert(client.send_all(messages).all?(SendIm::Receipt))
  end

  def send_each(client, count)
    threads = Array.new(5) do |t|
      Thread.new { Array.new(count / 5) { |n| client.send_im("user#{t}@contoso.com", "single #{n}") } }
    end
    assert(threads.flat_map(&:value).all?(SendIm::Receipt))
  end
end
