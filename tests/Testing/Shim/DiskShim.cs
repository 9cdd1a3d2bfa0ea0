using System.Diagnostics;
using System.Globalization;

namespace Sluice.Testing.Shim;

/// <summary>
/// <c>shim.c</c>, built on the spot: a child process started with it has a slow disk, or is killed in the middle of its n-th write.
/// Only on Linux and where there is a C compiler (<c>cc</c>).
/// </summary>
public sealed class DiskShim : IDisposable
{
    private readonly string _folder;

    private DiskShim(string folder) => _folder = folder;

    /// <summary>Why <see cref="Build"/> gives none.</summary>
    public const string Missing = "The disk shim needs Linux and a C compiler named cc (apt-get install gcc libc6-dev).";

    private string Library => Path.Combine(_folder, "shim.so");

    /// <summary>Compiles it; null where that cannot be done, see <see cref="Missing"/>.</summary>
    /// <exception cref="InvalidOperationException">There is a compiler, and it refuses.</exception>
    public static DiskShim? Build()
    {
        var compiler = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(p => Path.Combine(p, "cc")).FirstOrDefault(File.Exists);
        if (!OperatingSystem.IsLinux() || compiler is null)
        {
            return null;
        }

        var shim = new DiskShim(Directory.CreateTempSubdirectory("sluice-shim-").FullName);
        var source = Path.Combine(shim._folder, "shim.c");
        using (var text = typeof(DiskShim).Assembly.GetManifestResourceStream("shim.c")!)
        using (var file = File.Create(source))
        {
            text.CopyTo(file);
        }

        using var process = Process.Start(new ProcessStartInfo(compiler, ["-shared", "-fPIC", "-O2", "-o", shim.Library, source, "-ldl"]) { UseShellExecute = false, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? shim : throw new InvalidOperationException($"cc does not build the disk shim:\n{errors}");
    }

    /// <summary>Makes every fsync of a process take longer.</summary>
    public void SlowDown(ProcessStartInfo start, TimeSpan eachFsync)
    {
        Load(start);
        start.Environment["SHIM_FSYNC_MICROSECONDS"] = Text((long)eachFsync.TotalMicroseconds);
    }

    /// <summary>Counts the calls of a process that change or sync files.</summary>
    /// <param name="start">Which process.</param>
    /// <param name="files">Prefix of the files' paths.</param>
    /// <param name="count">The file that gets the number, when the process ends by itself.</param>
    public void Count(ProcessStartInfo start, string files, string count)
    {
        Load(start);
        start.Environment["SHIM_FILES"] = files;
        start.Environment["SHIM_COUNT"] = count;
    }

    /// <summary>Kills a process at one of the calls that <see cref="Count"/> counts.</summary>
    /// <param name="start">Which process.</param>
    /// <param name="files">Prefix of the files' paths.</param>
    /// <param name="call">At which call; 1 is the first.</param>
    /// <param name="how">Where in the call.</param>
    public void KillAt(ProcessStartInfo start, string files, long call, DiskDeath how)
    {
        Load(start);
        start.Environment["SHIM_FILES"] = files;
        start.Environment["SHIM_END_AT"] = Text(call);
        start.Environment["SHIM_END_HOW"] = how switch
        {
            DiskDeath.Before => "before",
            DiskDeath.Torn => "torn",
            _ => "after",
        };
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Load(ProcessStartInfo start) => start.Environment["LD_PRELOAD"] = Library;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Where in a call a process dies.</summary>
public enum DiskDeath
{
    /// <summary>The call never happens.</summary>
    Before,

    /// <summary>Half of what was to be written is; a call that writes nothing never happens.</summary>
    Torn,

    /// <summary>It is done, and the program does not hear of it.</summary>
    After,
}
