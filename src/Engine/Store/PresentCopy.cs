namespace Sluice.Engine.Store;

/// <summary>A file as this program reads it: itself, or, where an older program wrote it, a migrated copy that is gone afterwards.</summary>
internal sealed class PresentCopy : IDisposable
{
    private readonly string? _folder;

    /// <param name="path">The file; it may be in use, and is left as it is.</param>
    /// <exception cref="EngineStoreException">It is not an engine's, or a newer program wrote it.</exception>
    public PresentCopy(string path)
    {
        Path = path;
        if (Schema.VersionOf(path) == Schema.Version)
        {
            return;
        }

        _folder = Directory.CreateTempSubdirectory("sluice-copy-").FullName;
        Path = System.IO.Path.Combine(_folder, "engine.db");
        try
        {
            Schema.Copy(path, Path);
            Schema.Open(new EngineOptions { Path = Path }).Dispose();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What to read.</summary>
    public string Path { get; }

    public void Dispose()
    {
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
