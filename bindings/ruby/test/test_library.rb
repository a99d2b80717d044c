# frozen_string_literal: true

require "helper"
require "json"

# A native library that cannot be loaded: the LoadError says which file, why, and what to do, in the words of all
# languages.
class TestLibrary < Minitest::Test
  include Helper

  SENTENCES = JSON.parse(File.read(File.join(Helper::ROOT, "tests", "scenarios", "unloadable.json"))).freeze
  NAME = FFI.map_library_name("send_im_uniffi")
  BUNDLED = File.join(Helper::PACKAGE, "lib", "send_im", "native", NAME)
  PROGRAM = 'begin; require "send_im"; puts "loaded"; rescue LoadError => e; print e.class, " ", e.message; end'
  PROCESSORS = { 62 => "x86_64", 183 => "aarch64" }.freeze

  def test_a_missing_library
    without do |lib|
      assert_equal sentence(File.join(lib, "send_im", "native", NAME), "missing"), told(lib: lib)
    end
  end

  def test_a_library_in_an_archive
    Dir.mktmpdir do |folder|
      archive = File.join(folder, "app.zip")
      File.write(archive, "PK")
      place = File.join(archive, "native", NAME)
      assert_equal sentence(place, "archive", archive: archive), told(library: place)
    end
  end

  def test_the_library_of_the_environment_is_loaded_in_the_place_of_the_packages_own
    without do |lib|
      assert_equal "loaded", told(lib: lib, library: BUNDLED)
      assert_equal "loaded", told(library: "")
      nowhere = File.join(lib, "nowhere.so")
      assert_equal sentence(nowhere, "missing"), told(library: nowhere)
    end
  end

  def test_files_that_are_no_library_of_this_package
    changed(->(_) { "no library" }) do |place|
      lines = told(library: place).lines(chomp: true)
      assert_equal ["LoadError #{SENTENCES["head"]}", SENTENCES["tail"]], [lines.first, lines.last]
      assert_operator lines[1], :start_with?, "  #{place}: "
    end
    skip "named as Linux does" unless FFI::Platform::OS == "linux"
    assert_includes told(library: "libm.so.6"), "  libm.so.6: it is no library of this version of send-im ("
  end

  def test_a_library_of_another_processor
    skip "patches an ELF file" unless FFI::Platform::OS == "linux"
    machine = File.binread(BUNDLED, 20).getbyte(18)
    other = machine == 62 ? 183 : 62
    changed(->(library) { library.tap { library[18, 2] = [other].pack("S<") } }) do |place|
      values = { found: PROCESSORS[other], own: PROCESSORS[machine] }
      assert_equal sentence(place, "architecture", **values), told(library: place)
    end
  end

  def test_a_c_library_that_is_too_old
    skip "patches an ELF file" unless FFI::Platform::OS == "linux"
    newest = File.binread(BUNDLED).scan(/GLIBC_2\.\d\d\0/n).max
    changed(->(library) { library.gsub(newest, "GLIBC_2.99\0".b) }) do |place|
      assert_equal sentence(place, "old_c_library", version: "GLIBC_2.99"), told(library: place)
    end
  end

  def test_a_folder_that_is_mounted_noexec
    skip "mounts as Linux does" unless FFI::Platform::OS == "linux"
    Dir.mktmpdir do |folder|
      place = File.join(folder, NAME)
      mount = 'mount -t tmpfs -o noexec tmpfs "$1" && cp "$2" "$3" && shift 3 && exec "$@"'
      before = ["unshare", "--mount", "sh", "-c", mount, "sh", folder, BUNDLED, place]
      skip "nothing can be mounted here (it takes root)" unless system(*before, "true", err: File::NULL)
      assert_equal sentence(place, "noexec"), told(library: place, before: before)
    end
  end

  private

  def told(lib: File.join(Helper::PACKAGE, "lib"), library: nil, before: [])
    done = run_process({ "SEND_IM_LIBRARY" => library }, *before, RbConfig.ruby, "-w", "-I", lib, "-e", PROGRAM)
    assert_equal [0, ""], [done.code, done.err], done.out
    done.out.chomp
  end

  def sentence(place, cause, **values)
    "LoadError #{SENTENCES["head"]}\n  #{place}: #{format_braces(SENTENCES[cause], values)}\n#{SENTENCES["tail"]}"
  end

  def format_braces(text, values) = text.gsub(/\{(\w+)\}/) { values.fetch(Regexp.last_match(1).to_sym) }

  # A copy of the package that has no library.
  def without
    Dir.mktmpdir do |folder|
      FileUtils.cp_r(File.join(Helper::PACKAGE, "lib"), folder)
      File.delete(File.join(folder, "lib", "send_im", "native", NAME))
      yield File.join(folder, "lib")
    end
  end

  # A changed copy of the library.
  def changed(change)
    Dir.mktmpdir do |folder|
      place = File.join(folder, NAME)
      File.binwrite(place, change.call(File.binread(BUNDLED)))
      yield place
    end
  end
end
