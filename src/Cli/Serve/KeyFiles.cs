using Sluice.Api.Keys;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Process;

namespace Sluice.Cli.Serve;

/// <summary>The keys that a first start makes.</summary>
internal static class KeyFiles
{
    private const string AdminName = "admin";

    /// <summary>Makes the admin key when the registry knows no key at all.</summary>
    /// <returns>The key's text when it was made now; null otherwise.</returns>
    public static async Task<string?> EnsureAdminAsync(DataFolder folder, IAccessKeys keys, TimeProvider time, CancellationToken cancellationToken)
    {
        if ((await keys.ListAsync(cancellationToken)).Count > 0)
        {
            return null;
        }

        // The file first: a crash in between must not leave a key that nobody knows.
        var text = File.Exists(folder.AdminKeyFile) && File.ReadAllText(folder.AdminKeyFile).Trim() is { Length: > 0 } known ? known : KeyText.Create();
        Write(folder.AdminKeyFile, text);
        return await keys.AddAsync(new AccessKey(AdminName, Role.Admin, [], KeyText.Hash(text), time.GetUtcNow()), cancellationToken) ? text : null;
    }

    /// <summary>The key of the Durable management routes; made when absent.</summary>
    public static SystemKey EnsureSystem(DataFolder folder)
    {
        if (!File.Exists(folder.SystemKeyFile) || File.ReadAllText(folder.SystemKeyFile).Trim().Length == 0)
        {
            Write(folder.SystemKeyFile, KeyText.Create());
        }

        return new SystemKey(File.ReadAllText(folder.SystemKeyFile).Trim());
    }

    private static void Write(string file, string text)
    {
        using var stream = PrivateFile.Open(file, FileMode.Create, FileAccess.Write, FileShare.None);
        using var writer = new StreamWriter(stream);
        writer.WriteLine(text);
    }
}
