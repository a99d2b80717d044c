# frozen_string_literal: true

require_relative "errors"
require_relative "native"
require_relative "waiter"

# The calls of the native library.
module SendIm
  # Runs the calls of the native library: waits for their futures, cuts them off, translates their errors.
  #
  # @api private
  module Driver
    RELAY = :send_im_relay
    BUG = "send-im failed inside; this is a bug of send-im, please report it."
    private_constant :RELAY, :BUG

    class << self
      # Runs the block, which makes one call of the native library. Steps go to the relay, on this thread. What the
      # token callable raised is the cause of the error.
      #
      # `Timeout`, `Thread#raise` and `Thread#kill` take effect while it waits, and nowhere else: no future is lost
      # between two lines, and a result that has come is not thrown away.
      def run(relay = nil, tokens = nil, &)
        Thread.handle_interrupt(Object => :on_blocking) do
          result, failure = attempt(relay, tokens, &)
          # Not where an interrupt or the program's own callback has ended the call.
          relay&.deliver
          raise failure if failure

          result
        end
      end

      # Polls a future to its end. Freeing it before that cancels its work.
      def finish(future, poll, complete, free, lift, errors)
        relay = Thread.current[RELAY]
        Thread.current[RELAY] = nil
        waiter = Waiter.take
        relay&.attach(waiter)
        wait_for(future, poll, waiter, relay)
        settled = true
        lift.call(Native.rust_call_with_error(errors, complete, future))
      ensure
        Thread.handle_interrupt(Object => :never) do
          relay&.detach(waiter) if waiter
          # A future of the parent is not touched in a forked child: threads that are gone may hold its locks.
          library.public_send(free, future) if waiter.nil? || waiter.mine?
          # A call that was cut off may still ring, so its waiter ends with it.
          settled ? Waiter.keep(waiter) : waiter&.close
        end
      end

      private

      def attempt(relay, tokens)
        # Local to this fiber. The generated method in the block knows nothing of relays.
        Thread.current[RELAY] = relay
        [yield, nil]
      rescue Native::SendError::Failed => e
        [nil, Error.from(e.failure, tokens)]
      rescue Native::InternalError
        [nil, ServiceError.new(BUG, kind: :protocol, sent: :maybe)]
      ensure
        Thread.current[RELAY] = nil
      end

      def wait_for(future, poll, waiter, relay)
        loop do
          library.public_send(poll, future, Waiter::RING, waiter.handle)
          return if waiter.wait { relay&.deliver } == Waiter::READY
        end
      end

      def library
        @library ||= Native.const_get(:UniFFILib)
      end
    end
  end
  private_constant :Driver

  # The generated code waits in this one method.
  Native.singleton_class.remove_method(:uniffi_rust_call_async)
  Native.define_singleton_method(:uniffi_rust_call_async) do |future, poll, _cancel, complete, free, lift, errors|
    Driver.finish(future, poll, complete, free, lift, errors)
  end
end
