namespace Sluice.Catalog.Tests;

/// <summary>Recorded lists of the real sources, where somebody put them; the small samples beside the tests show the same rules without them.</summary>
internal static class Fixtures
{
    private const string Variable = "SLUICE_FIXTURES";

    /// <summary>Whether the folder is there: the one that the variable names, or <c>fixtures</c> beside the repository.</summary>
    public static bool Present => Folder is not null;

    private static string? Folder { get; } = Find();

    /// <summary>The path of a recorded file.</summary>
    public static string File(string name) => Path.Combine(Folder!, name);

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return named;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var beside = Path.Combine(folder.FullName, "fixtures");
            if (System.IO.File.Exists(Path.Combine(beside, "expected.json")))
            {
                return beside;
            }
        }

        return null;
    }
}
