# frozen_string_literal: true

# Sends from Ruby: sends.rb SENDS MANY. Prints one line of JSON, times in milliseconds.

def milliseconds
  started = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond)
  yield
  Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond) - started
end

load_ms = milliseconds { require "send_im" }
require "json"

sends, many = ARGV.map(&:to_i)
SendIm::Client.open do |client|
  (sends / 10).times { client.deliver("lenea@contoso.com", "disk full") }
  times = Array.new(sends) { milliseconds { client.deliver("lenea@contoso.com", "disk full") } }.sort

  messages = Array.new(many) { |n| SendIm::Message.new("user#{n % 100}@contoso.com", "disk full") }
  results = []
  elapsed = milliseconds { results = client.deliver_all(messages) }
  failed = results.grep(SendIm::Error).first
  raise failed if failed

  send_ms = { p50: times[sends / 2], p99: times[sends * 99 / 100] }
  puts JSON.generate(load_ms: load_ms, send: send_ms, send_all_per_second: many * 1000 / elapsed)
end
