# frozen_string_literal: true

module SendIm
  # Why the native library cannot be loaded. The loader itself often says something else: for a library of another
  # processor glibc says that there is no such file.
  # @api private
  module Unloadable
    # The processors of ELF files, by e_machine.
    MACHINES = { 3 => "x86", 21 => "ppc64", 22 => "s390x", 40 => "arm", 62 => "x86_64", 183 => "aarch64",
                 243 => "riscv64" }.freeze

    module_function

    # The error to raise.
    def error(place, cause)
      LoadError.new("send-im cannot load its native library. It tried:\n  #{place}: #{cause}\n" \
                    "SEND_IM_LIBRARY can name the file to load.")
    end

    # The cause, and what to do; `words` are those of the loader.
    def why(place, words)
      archive = archive_of(place)
      return "it lies in the archive #{archive}, from which no library can be loaded; unpack that" if archive
      return "there is no such file; install the package for this platform again" unless File.exist?(place)

      of_another_processor(place) || of_a_newer_system(words) || words
    end

    # A file where a folder should be.
    def archive_of(place)
      folder = File.dirname(File.expand_path(place))
      folder = File.dirname(folder) until File.exist?(folder)
      folder if File.file?(folder)
    end

    def of_another_processor(place)
      found = machine(place)
      own = machine("/proc/self/exe")
      return if found.nil? || own.nil? || found == own

      "it is built for #{found} and this program for #{own}; install the package for #{own}"
    end

    def of_a_newer_system(words)
      if (version = words[/version [`']?(GLIBC_[\d.]+)' not found/, 1])
        "it needs #{version}, and the C library of this system is older; " \
          "take a newer system, or build the package on this one"
      elsif words.include?("failed to map segment")
        "its file system is mounted noexec; put the package, or a copy of the library, on another"
      end
    end

    # The processor an ELF file is for.
    def machine(file)
      head = File.binread(file, 20)
      return unless head && head.bytesize == 20 && head.start_with?("\x7FELF".b)

      number = head[18, 2].unpack1(head.getbyte(5) == 2 ? "S>" : "S<")
      MACHINES.fetch(number) { "processor #{number}" }
    rescue SystemCallError
      nil
    end
  end
  private_constant :Unloadable
end
