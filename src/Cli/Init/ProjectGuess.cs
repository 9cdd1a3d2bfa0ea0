using System.Text.RegularExpressions;

namespace Sluice.Cli.Init;

/// <summary>What a folder looks like.</summary>
/// <param name="Service">A name for the service.</param>
/// <param name="Kind">What was recognised, for people.</param>
/// <param name="Command">How a release of it might be started.</param>
internal sealed partial record ProjectGuess(string Service, string Kind, IReadOnlyList<string> Command)
{
    /// <summary>Looks at the files of a folder, the most telling first.</summary>
    public static ProjectGuess Of(string folder)
    {
        var service = NameOf(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))));
        bool Has(string name) => File.Exists(Path.Combine(folder, name));

        if (Project(folder) is { } project)
        {
            return new ProjectGuess(service, $".NET project {project}", ["dotnet", $"releases/{{version}}/{project}.dll"]);
        }

        return Has("package.json") ? new ProjectGuess(service, "Node.js package", ["node", "releases/{version}/server.js"])
            : Has("pyproject.toml") || Has("requirements.txt") ? new ProjectGuess(service, "Python project", ["python3", "releases/{version}/main.py"])
            : Has("go.mod") ? new ProjectGuess(service, "Go module", [$"releases/{{version}}/{service}"])
            : Has("Cargo.toml") ? new ProjectGuess(service, "Rust crate", [$"releases/{{version}}/{service}"])
            : new ProjectGuess(service, "no project that is known here", [$"releases/{{version}}/{service}"]);
    }

    private static string? Project(string folder) =>
        Directory.EnumerateFiles(folder, "*.csproj", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 3 })
            .Where(f => File.ReadAllText(f).Contains("Microsoft.NET.Sdk.Web", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(Path.GetFileNameWithoutExtension)
            .FirstOrDefault();

    private static string NameOf(string? folder)
    {
        var name = NotAllowed().Replace((folder ?? "").ToLowerInvariant(), "-").Trim('-', '.', '_');
        return name.Length > 0 ? name[..Math.Min(name.Length, 40)] : "my-service";
    }

    [GeneratedRegex("[^a-z0-9._-]+", RegexOptions.NonBacktracking)]
    private static partial Regex NotAllowed();
}
