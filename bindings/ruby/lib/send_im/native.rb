# frozen_string_literal: true

require "ffi"
# The generated code calls IO#wait_readable, which Ruby 3.1 only has with this.
require "io/wait"

require_relative "version"

# Loads the native library.
module SendIm
  # Where the native library lies.
  # @api private
  LIBRARY = File.join(__dir__, "native", FFI.map_library_name("send_im_uniffi"))

  unless File.exist?(LIBRARY)
    raise LoadError, "send_im: there is no native library at #{LIBRARY}. In a clone, run `rake compile` in " \
                     "bindings/ruby; a gem for another platform than #{RUBY_PLATFORM} does not hold one."
  end

  # A thread of the library that outlives the interpreter must not lose its code, so the library is never unloaded.
  # (RTLD_NODELETE; the ffi gem does not unload on macOS.)
  FFI::DynamicLibrary.open(LIBRARY, FFI::DynamicLibrary::RTLD_LAZY | 0x1000) if FFI::Platform::OS == "linux"

  begin
    # A program that runs with -w is not told of the indentation of generated code.
    verbose = $VERBOSE
    $VERBOSE = nil
    require_relative "native/send_im_uniffi"
  ensure
    $VERBOSE = verbose
  end

  # The generated module.
  # @api private
  Native = ::SendImUniffi
  private_constant :LIBRARY, :Native

  # Nothing generated checks that the two fit.
  unless Native.version == VERSION
    raise LoadError, "send_im: the native library is of version #{Native.version}, this package of #{VERSION}."
  end

  # Ruby shows the inspection of a receiver in error texts. These hold secrets.
  [Native::AccountOptions, Native::MessageOptions, Native::SandboxOptions, Native::SandboxUser].each do |record|
    record.define_method(:inspect) { "#<#{self.class.name}>" }
    record.alias_method(:to_s, :inspect)
  end
end

require_relative "buffers"
