using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Process;

/// <summary>What a plan's command means for one release on this machine.</summary>
/// <param name="Words">Program and arguments with <c>{version}</c> and <c>{commit}</c> replaced.</param>
/// <param name="Directory">Absolute working directory.</param>
public sealed record EffectiveCommand(IReadOnlyList<string> Words, string Directory)
{
    /// <summary>Replaces the placeholders.</summary>
    /// <param name="spec">The plan's platform.</param>
    /// <param name="version">For <c>{version}</c>.</param>
    /// <param name="commit">For <c>{commit}</c>.</param>
    /// <param name="baseDirectory">What a relative directory is relative to.</param>
    /// <exception cref="PlatformException"><c>Invalid</c>: no words, or <c>{commit}</c> is used and unknown.</exception>
    public static EffectiveCommand Create(PlatformSpec.Process spec, string version, string? commit, string baseDirectory)
    {
        string Replace(string text) => text.Contains("{commit}", StringComparison.Ordinal) && commit is null
            ? throw new PlatformException(PlatformError.Invalid, $"'{text}' needs the commit, and this release names none: start it with one.")
            : text.Replace("{version}", version, StringComparison.Ordinal).Replace("{commit}", commit, StringComparison.Ordinal);

        return spec.Command.Count == 0
            ? throw new PlatformException(PlatformError.Invalid, "the platform's command is empty: it needs a program and its arguments.")
            : new EffectiveCommand([.. spec.Command.Select(Replace)], Path.GetFullPath(Replace(spec.Directory), baseDirectory));
    }

    /// <summary>Finds the program as a shell would: with a slash relative to the directory, else along PATH.</summary>
    /// <returns>The absolute path of an executable file.</returns>
    /// <exception cref="PlatformException"><c>CannotStart</c>, naming the program, the directory and what was looked at.</exception>
    public string Resolve()
    {
        if (!System.IO.Directory.Exists(Directory))
        {
            throw Cannot($"the working directory {Directory} does not exist");
        }

        var program = Words[0];
        if (program.Contains('/', StringComparison.Ordinal))
        {
            var path = Path.GetFullPath(program, Directory);
            return !File.Exists(path) ? throw Cannot($"{path} does not exist")
                : !IsExecutable(path) ? throw Cannot($"{path} is not executable: chmod +x it")
                : CheckArguments(path);
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(IsExecutable) is { } found
            ? CheckArguments(found)
            : throw Cannot($"there is no '{program}' in PATH ({string.Join(':', folders)}); write ./{program} for a file in {Directory}");
    }

    // What `dotnet X.dll` says itself ("you must install .NET to run this application") hides that X.dll is missing.
    private string CheckArguments(string program) =>
        Path.GetFileName(program) == "dotnet" && Words.Count > 1 && Words[1].EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
            && !File.Exists(Path.GetFullPath(Words[1], Directory))
            ? throw Cannot($"{Path.GetFullPath(Words[1], Directory)} does not exist")
            : program;

    private PlatformException Cannot(string reason) =>
        new(PlatformError.CannotStart, $"`{string.Join(' ', Words)}` in {Directory}: {reason}.");

    private static bool IsExecutable(string path) =>
        File.Exists(path)
        && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);
}
