using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry;

/// <summary>
/// An entry of the audit trail. Its hash is SHA-256, lower-case hex, over the UTF-8 of the previous entry's hash followed by the JSON
/// array <c>[number, atUnixMs, actor, action, subject, detail, result]</c>: changing or removing an entry breaks every later one.
/// </summary>
internal sealed class AuditRow
{
    public long Number { get; init; }

    public long At { get; init; }

    public string Actor { get; init; } = "";

    public string Action { get; init; } = "";

    public string Subject { get; init; } = "";

    public string? Detail { get; init; }

    public string Result { get; init; } = "";

    public string Hash { get; set; } = "";

    /// <summary>The entry as the next of the chain.</summary>
    public static AuditRow After(AuditHead head, AuditEntry entry)
    {
        var row = new AuditRow
        {
            Number = head.Number + 1,
            At = Stored.Ms(entry.At),
            Actor = Stored.Clean(entry.Actor),
            Action = Stored.Clean(entry.Action),
            Subject = Stored.Clean(entry.Subject),
            Detail = entry.Detail is null ? null : Stored.Clean(entry.Detail),
            Result = Stored.Clean(entry.Result),
        };
        row.Hash = row.HashAfter(head.Hash);
        return row;
    }

    public string HashAfter(string previous) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(previous + JsonSerializer.Serialize(new object?[] { Number, At, Actor, Action, Subject, Detail, Result }))));

    public AuditEntry ToEntry() => new(Stored.At(At), Actor, Action, Subject, Detail, Result) { Number = Number };
}
