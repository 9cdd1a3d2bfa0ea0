using System.Text.Json;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Process;

/// <summary>The revisions on disk, one file each, and where their logs are.</summary>
/// <param name="dataFolder">The data folder.</param>
internal sealed class RevisionFiles(string dataFolder)
{
    private string Root => Path.Combine(dataFolder, "processes");

    /// <summary>The log of all replicas of a revision.</summary>
    public string LogOf(RevisionSpec spec) => Path.Combine(dataFolder, "logs", spec.Service, spec.Environment, spec.Revision + ".log");

    /// <summary>Keeps the record; on disk when this returns.</summary>
    public void Write(RevisionRecord record)
    {
        var path = Path.Combine(Root, record.Spec.Service, record.Spec.Environment, record.Spec.Revision + ".json");
        PrivateFile.CreateFolder(Path.GetDirectoryName(path)!);
        PrivateFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(record, DurableJson.Options));
    }

    /// <summary>All records.</summary>
    /// <exception cref="PlatformException"><c>Invalid</c>: a file is damaged or newer than this program.</exception>
    public IReadOnlyList<RevisionRecord> ReadAll() =>
        Directory.Exists(Root)
            ? [.. Directory.EnumerateFiles(Root, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Read)]
            : [];

    private static RevisionRecord Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var schema = json.RootElement.GetProperty("schemaVersion").GetInt32();
            return schema > RevisionRecord.CurrentSchema
                ? throw new PlatformException(
                    PlatformError.Invalid,
                    $"{path} has schema {schema}, this program reads up to {RevisionRecord.CurrentSchema}: run the newer Sluice that wrote it.")
                : json.RootElement.Deserialize<RevisionRecord>(DurableJson.Options)!;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new PlatformException(
                PlatformError.Invalid,
                $"{path} is not a revision's record ({e.Message}). Restore it from a backup, or stop its processes by hand "
                + $"(they have {ProcessTable.NonceVariable} in their environment) and delete it.",
                e);
        }
    }
}
