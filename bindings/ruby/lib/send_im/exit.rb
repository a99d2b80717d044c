# frozen_string_literal: true

require_relative "native"

module SendIm
  # The end of a process: pending calls are cancelled, sessions are signed out, the native threads end.
  #
  # @api private
  module Exit
    # How long the end of a process waits for sessions to be signed out, in seconds.
    GRACE = 3

    def self.shut_down
      Native.begin_shutdown(GRACE * 1000)
      deadline = now + GRACE + 0.5
      # Other Ruby threads go on meanwhile: the library may be waiting for a callback of theirs.
      sleep 0.002 until Native.is_shut_down || now > deadline
    end

    def self.now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
    private_class_method :now

    # Handlers run last registered first, so those of a program that sends come before this one.
    at_exit { shut_down }
  end
  private_constant :Exit
end
