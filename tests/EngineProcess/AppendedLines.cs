namespace Sluice.EngineProcess;

/// <summary>A file that only grows, a line at a time. A line is with the operating system before anything follows, so a kill does not take it.</summary>
public sealed class AppendedLines(string path)
{
    private readonly Lock _gate = new();

    /// <summary>Adds a line.</summary>
    public void Add(string line)
    {
        lock (_gate)
        {
            File.AppendAllText(path, line + "\n");
        }
    }

    /// <summary>In bytes.</summary>
    public long Length => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    /// <summary>The whole lines so far.</summary>
    public string[] Read() => File.Exists(path) && File.ReadAllText(path) is var text && text.LastIndexOf('\n') is > 0 and var end
        ? text[..end].Split('\n')
        : [];
}
