using Sluice.Platforms.Process;

namespace Sluice.Cli.Serve;

/// <summary>The folder in which a server keeps everything.</summary>
/// <param name="Path">Absolute.</param>
public sealed record DataFolder(string Path)
{
    /// <summary>Held open by the one server.</summary>
    public string LockFile => Of("server.lock");

    /// <summary>Text of the first key.</summary>
    public string AdminKeyFile => Of("admin.key");

    /// <summary>Text of the key of the Durable management routes. Not among the secrets: no plan may name it.</summary>
    public string SystemKeyFile => Of("system.key");

    /// <summary>Settings.</summary>
    public string SettingsFile => Of("sluice.json");

    /// <summary>The engine's database.</summary>
    public string EngineFile => Of("engine.db");

    /// <summary>The catalogue, where no PostgreSQL keeps it.</summary>
    public string CatalogueFile => Of("catalog.db");

    /// <summary>Finds the folder: the option, SLUICE_DATA, or the place the XDG base directory specification gives for state.</summary>
    public static DataFolder Find(string? option)
    {
        var path = option ?? Variable("SLUICE_DATA");
        if (path is null)
        {
            var state = Variable("XDG_STATE_HOME")
                ?? System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
            path = System.IO.Path.Combine(state, "sluice");
        }

        return new DataFolder(System.IO.Path.GetFullPath(path));
    }

    /// <summary>Makes the folder for its owner alone, and makes sure that it can be written.</summary>
    /// <exception cref="CannotServeException">It cannot.</exception>
    public void Create()
    {
        try
        {
            PrivateFile.CreateFolder(Path);
            PrivateFile.Close(Path);
            var probe = Of($".write-{Environment.ProcessId}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CannotServeException($"The data folder {Path} cannot be written ({e.Message}). Choose another with --data or SLUICE_DATA.");
        }
    }

    private string Of(string name) => System.IO.Path.Combine(Path, name);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

/// <summary>The server cannot start; the message says why and what to do.</summary>
public sealed class CannotServeException(string message) : Exception(message);
