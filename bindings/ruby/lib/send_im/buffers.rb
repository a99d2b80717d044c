# frozen_string_literal: true

module SendIm
  # Faster serialisation for the generated code.
  #
  # UniFFI passes a record as one buffer of bytes. The generated Ruby writes it field by field into native memory, with
  # several foreign calls a field. Here the fields are joined in a String and copied once, and read from one copy. The
  # bytes are the same: the methods that decide on them stay as generated. The version of UniFFI is pinned.
  #
  # @api private
  module Buffers
    # Takes the place of the generated builder's way into native memory.
    module Builder
      def initialize
        @data = String.new(capacity: 256)
      end

      def finalize
        buffer = Native::RustBuffer.alloc(@data.bytesize)
        buffer.data.put_bytes(0, @data) unless @data.empty?
        buffer.len = @data.bytesize
        buffer
      end

      def discard; end

      def write(value)
        @data << value.b
      end

      def pack_into(_size, format, value)
        [value].pack(format, buffer: @data)
      end
    end

    # Takes the place of the generated stream's way out of native memory.
    module Stream
      def initialize(buffer)
        @data = buffer.len.zero? ? "" : buffer.data.read_bytes(buffer.len)
        @offset = 0
      end

      def remaining
        @data.bytesize - @offset
      end

      def read(size)
        data = @data.byteslice(advance(size), size)
        data.force_encoding(Encoding::BINARY)
      end

      # As generated it reads a signed byte: exit code 130 would be -126.
      def read_u8
        unpack_from(1, "C")
      end

      def unpack_from(size, format)
        @data.unpack1(format, offset: advance(size))
      end

      private

      def advance(size)
        raise Native::InternalError, "read past the end of a buffer" if size > remaining

        @offset += size
        @offset - size
      end
    end

    Native.const_get(:RustBufferBuilder).prepend(Builder)
    Native.const_get(:RustBufferStream).prepend(Stream)
  end
  private_constant :Buffers
end
