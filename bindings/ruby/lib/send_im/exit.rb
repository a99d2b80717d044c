# frozen_string_literal: true

require_relative "native"

module SendIm
  # The end of a process: sessions are signed out and the native threads end.
  #
  # This is a finalizer and no `at_exit` block: whole programs run in those, test suites for one, after the blocks that
  # were registered later. Finalizers come after all of them. The other Ruby threads have ended by then, and what they
  # had in flight was cut off.
  #
  # @api private
  module Exit
    # How long the end of a process waits for sessions to be signed out, in seconds.
    GRACE = 3

    def self.shut_down
      Native.begin_shutdown(GRACE * 1000)
      deadline = now + GRACE + 0.5
      # In slices, so that Ctrl-C still counts.
      sleep 0.002 until Native.is_shut_down || now > deadline
    end

    def self.now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
    private_class_method :now

    # Lives as long as the process.
    LAST = Object.new
    ObjectSpace.define_finalizer(LAST, proc { shut_down })
    private_constant :LAST
  end
  private_constant :Exit
end
