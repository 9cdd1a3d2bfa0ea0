using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Approvals;

/// <summary>
/// All that somebody who approves is asked to have looked at. Whoever approves approves this and nothing else: when any of it changes,
/// <see cref="Hash"/> does, and what was approved before no longer counts.
/// </summary>
/// <param name="Gate">Which step asks: its place in the plan and its title.</param>
/// <param name="Release">Version, commit, artifact.</param>
/// <param name="Revision">Its name on the platform.</param>
/// <param name="BundleHash">SHA-256 of the plan and every file it names.</param>
/// <param name="Finished">The verdicts of the steps before, in order.</param>
/// <param name="Conditions">What others reported about the release, by name.</param>
public sealed record ApprovalEvidence(
    string Gate,
    Release Release,
    string Revision,
    string BundleHash,
    IReadOnlyList<FinishedStep> Finished,
    IReadOnlyList<ReportedCondition> Conditions)
{
    /// <summary>Shortest part of a hash that stands for the whole, characters.</summary>
    public const int ShortestHash = 12;

    /// <summary>SHA-256 over all members, lower-case hex.</summary>
    public string Hash()
    {
        // A list of texts in JSON: no two different ones are written alike.
        List<string?> parts = [Gate, Release.Version, Release.Commit, Release.Artifact, Revision, BundleHash, "steps"];
        parts.AddRange(Finished.SelectMany(f => (string[])[f.Index.ToString(CultureInfo.InvariantCulture), f.Title, f.State, f.Message]));
        parts.Add("conditions");
        parts.AddRange(Conditions.OrderBy(c => c.Name, StringComparer.Ordinal).SelectMany(c => (string?[])[c.Name, c.Passed ? "passed" : "failed", c.Note]));
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(parts)));
    }

    /// <summary>Whether what a person sent is a hash: the whole, or at least its first <see cref="ShortestHash"/> characters.</summary>
    public static bool Means(string said, string hash) =>
        said.Length >= ShortestHash && hash.StartsWith(said, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A step that has ended.</summary>
/// <param name="Index">Its place in the plan, from 0.</param>
/// <param name="Title">What the plan says.</param>
/// <param name="State">How it ended: <c>Passed</c>, <c>Skipped</c>.</param>
/// <param name="Message">What it found.</param>
public sealed record FinishedStep(int Index, string Title, string State, string Message);

/// <summary>What somebody reported about a release: <c>ci</c> passed, <c>penetration-test</c> failed. The last report of a name counts.</summary>
/// <param name="Name">Of the condition.</param>
/// <param name="Passed">Whether it holds.</param>
/// <param name="By">Name of the key that reported it.</param>
/// <param name="Note">For people; null for none.</param>
public sealed record ReportedCondition(string Name, bool Passed, string By, string? Note);
