# frozen_string_literal: true

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
    # Lives as long as the process.
    LAST = Object.new

    class << self
      # Finalizers run newest first. Called after a client or a sandbox is made, this keeps a sandbox of this process
      # from being stopped before the sessions it holds are signed out; that would only take longer.
      def arm
        ObjectSpace.undefine_finalizer(LAST)
        ObjectSpace.define_finalizer(LAST, method(:shut_down).to_proc)
      end

      # In slices, so that Ctrl-C still counts.
      def shut_down(_object_id)
        Native.begin_shutdown(GRACE * 1000)
        now = -> { Process.clock_gettime(Process::CLOCK_MONOTONIC) }
        deadline = now.call + GRACE + 0.5
        sleep 0.002 until Native.is_shut_down || now.call > deadline
      end
    end

    arm
  end
  private_constant :Exit
end
