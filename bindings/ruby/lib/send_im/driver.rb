# frozen_string_literal: true

module SendIm
  # Waits for the calls of the native library, cuts them off, translates their errors.
  #
  # @api private
  module Driver
    class << self
      # Waits for the call that the block begins and gives its outcome. Steps go to the relay, on this thread. What the
      # token callable raised is the cause of the error.
      #
      # `Timeout`, `Thread#raise` and `Thread#kill` take effect while it waits, and nowhere else: no call is lost
      # between two lines, and an outcome that has come is not thrown away.
      def run(relay = nil)
        Thread.handle_interrupt(Object => :on_blocking) do
          call = yield
          wait(call) { relay&.deliver(call) }
          ask(relay) { call.take }
        ensure
          call&.cancel
        end
      end

      # Calls the block whenever something may lie there, the last time when the call has ended.
      #
      # It waits at a descriptor: other threads run meanwhile, and under a fiber scheduler other fibers. A foreign call
      # that waits would stop them all.
      def wait(call)
        socket = nil
        loop do
          ended = call.wait(0)
          yield
          break if ended

          socket ||= (descriptor = call.descriptor) && IO.for_fd(descriptor, autoclose: false)
          socket ? socket.wait_readable : sleep(0.01)
        end
      end

      # Translates the error of a native call that does not wait.
      def ask(relay = nil)
        begin
          return yield
        rescue Native::SendError::Failed => e
          failure = Error.from(e.failure, relay)
        rescue Native::InternalError
          failure = ServiceError.new("send-im failed inside; this is a bug of send-im, please report it.",
                                     kind: :protocol, sent: :maybe)
        end
        # Not inside a rescue, which would make the native error its cause.
        raise failure
      end
    end
  end
  private_constant :Driver
end
