# frozen_string_literal: true

require_relative "helper"

# Long-lived programs.
class TestMemory < Minitest::Test
  # Things are counted after each window of so many rounds. The first windows warm up.
  WINDOWS = 6
  WARM_UP = 2
  ROUNDS = 30
  # How many objects of Ruby, or allocations of the library, may come to be after the warm-up. What is lost once a round
  # makes 120.
  BOUND = 60

  # Sends in every way there is, and prints after each window what is alive: of Ruby and of the library.
  SENDS = <<~RUBY
    require "objspace"
    require "send_im"
    windows, rounds = ARGV
    messages = Array.new(5) { |n| SendIm::Message.new("user\#{n}@contoso.com", "message \#{n}") }
    SendIm::Client.open(on_step: ->(_) {}) do |client|
      Integer(windows).times do
        Integer(rounds).times do
          results = client.deliver_all(messages)
          results += messages.map { |message| Thread.new { client.deliver(message.to, message.text) } }.map(&:value)
          abort "a send failed" unless results.all?(SendIm::Receipt)
          begin
            client.deliver("busy@contoso.com", "refused")
          rescue SendIm::NotDelivered
            nil
          end
        end
        GC.start
        objects = ObjectSpace.count_objects
        puts "\#{objects[:TOTAL] - objects[:FREE]} \#{SendImUniffi.live_allocations}"
        $stdout.flush
      end
    end
  RUBY

  def test_many_sends_on_one_session_leave_nothing_behind
    outside = sandbox_outside # it keeps what it delivers
    done = script(SENDS, WINDOWS.to_s, ROUNDS.to_s, environment: stored(outside.gets.strip))
    assert_equal [0, ""], [done.code, done.err]
    windows = done.out.lines.map { |line| line.split.map(&:to_i) }
    puts "objects of Ruby and allocations of the library: #{windows}"
    assert_operator windows[0][1], :>, 0, "the library does not count; this is no debug build"
    windows.last.zip(windows[WARM_UP - 1]) { |last, warm| assert_operator last - warm, :<, BOUND, windows.inspect }
    outside.close_write
    assert_equal WINDOWS * ROUNDS * 10, outside.each_line.count - 1
  ensure
    outside&.close
  end
end
