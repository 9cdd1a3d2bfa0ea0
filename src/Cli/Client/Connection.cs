using Sluice.Cli.CommandLine;
using Sluice.Cli.Serve;

namespace Sluice.Cli.Client;

/// <summary>Which server, and with which key.</summary>
/// <param name="Url">Scheme, host and port.</param>
/// <param name="Key">A secret; null when none was found.</param>
/// <param name="FunctionsKey">The function key that a server on Azure wants besides, from <c>SLUICE_FUNCTIONS_KEY</c>; a secret; null for none.</param>
public sealed record Connection(Uri Url, string? Key, string? FunctionsKey = null)
{
    private const string DefaultUrl = "http://127.0.0.1:7717";

    /// <summary>Finds both: options, then the environment, then the data folder of a server on this machine.</summary>
    /// <exception cref="UsageException">The address is no URL, or the key file cannot be read.</exception>
    public static Connection Find(string? url, string? keyFile, string? data)
    {
        var folder = DataFolder.Find(data);
        var text = url ?? Environment.GetEnvironmentVariable("SLUICE_URL") ?? ServerLock.Read(folder.LockFile)?.Url ?? DefaultUrl;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new UsageException($"'{text}' is not the address of a server, such as {DefaultUrl}.");
        }

        return new Connection(address, FindKey(keyFile, address, folder), Variable("SLUICE_FUNCTIONS_KEY"));
    }

    private static string? FindKey(string? keyFile, Uri address, DataFolder folder)
    {
        if (keyFile is not null)
        {
            return Read(keyFile) ?? throw new UsageException($"--key-file {keyFile}: there is no such file, or it cannot be read.");
        }

        // The admin key of this machine's folder is never sent to another machine.
        return Variable("SLUICE_KEY") ?? (address.IsLoopback ? Read(folder.AdminKeyFile) : null);
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name)?.Trim() is { Length: > 0 } value ? value : null;

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
