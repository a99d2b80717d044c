# frozen_string_literal: true

module SendIm
  # Lets one thread (or fiber) wait for the native library, which writes to a socket when there is something to do.
  #
  # The other way, a Ruby callback from a native thread, costs the ffi gem two threads a call, and the one that
  # dispatches is lost by a fork. Waiters are kept for the next call: making one takes longer than most calls' own work.
  #
  # @api private
  class Waiter
    # The native library calls this with a waiter's handle and a code.
    RING = FFI::Function.new(:void, %i[uint64 int8], FFI::Pointer.new(Native.ring_function))

    # The code of a future that has ended.
    READY = 0
    # The code of a mailbox that something was put into.
    MAIL = 2

    KEPT = 64
    @idle = []
    @process = Process.pid

    class << self
      # A waiter of this process that nobody uses.
      def take
        if @process != Process.pid
          # Those of the parent wait at sockets the parent still uses.
          @process = Process.pid
          @idle = []
        end
        # One operation: another thread cannot come between.
        @idle.pop || new
      end

      # Keeps a waiter nobody will ring any more.
      def keep(waiter)
        @idle.size < KEPT ? @idle.push(waiter) : waiter.close
      end
    end

    # What to pass along with {RING}.
    attr_reader :handle

    def initialize
      @process = Process.pid
      @bell = Native::Bell.new
      @handle = @bell.handle
      @socket = IO.for_fd(@bell.take_descriptor, "rb")
    end

    # Waits for the code of a future. The block is called whenever there is mail.
    #
    # Other threads run meanwhile; under a fiber scheduler, other fibers do.
    def wait
      loop do
        mine!
        @socket.wait_readable
        mine!
        code = @socket.getbyte
        return code unless code == MAIL

        yield
      end
    end

    # Ends the waiter. What still rings it rings nothing.
    def close
      @bell.close
      @socket.close
    end

    # True in the process that made it.
    def mine?
      @process == Process.pid
    end

    private

    # A child that was forked in the middle of a call must not read what is meant for its parent.
    def mine!
      raise ClientClosed.by_fork unless mine?
    end
  end
  private_constant :Waiter
end
