using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.Domain.Rollouts;

/// <summary>The names of everything that belongs to a rollout, each derived from its id, so that a repeated attempt finds the same one.</summary>
public static class RolloutIds
{
    private const int SuffixDigits = 8;

    /// <summary>Id of a rollout: <c>{service}.{lastEnvironment}.{version}.{suffix}</c>, each part cleaned.</summary>
    /// <param name="service">What.</param>
    /// <param name="lastEnvironment">The last environment its plan touches.</param>
    /// <param name="version">Of the release.</param>
    /// <param name="suffix">From <see cref="SuffixOf"/>, or 8 random hex digits.</param>
    public static string Instance(string service, string lastEnvironment, string version, string suffix) =>
        $"{Clean(service)}.{Clean(lastEnvironment)}.{Clean(version)}.{Clean(suffix)}";

    /// <summary>The suffix that an Idempotency-Key stands for: the first 8 hex digits of its SHA-256.</summary>
    public static string SuffixOf(string idempotencyKey) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(idempotencyKey)))[..SuffixDigits];

    /// <summary>The suffix of an id, with the number of its retry: <c>1a2b3c4d</c>, <c>1a2b3c4d-r2</c>.</summary>
    public static string Suffix(string rolloutId) => rolloutId[(rolloutId.LastIndexOf('.') + 1)..];

    /// <summary>Id of the next retry: <c>-r2</c>, then <c>-r3</c> …</summary>
    public static string Retry(string rolloutId)
    {
        var suffix = Suffix(rolloutId);
        var mark = suffix.LastIndexOf("-r", StringComparison.Ordinal);
        return mark > 0 && int.TryParse(suffix.AsSpan(mark + 2), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? $"{rolloutId[..^(suffix.Length - mark)]}-r{number + 1}"
            : $"{rolloutId}-r2";
    }

    /// <summary>Id of a child: <c>{id}:{stepIndex}-{kind}</c>, with <c>:{attempt}</c> from the second attempt on.</summary>
    /// <param name="rolloutId">The parent.</param>
    /// <param name="stepIndex">Of the plan, from 0.</param>
    /// <param name="kind">What the child does.</param>
    /// <param name="attempt">From 1; legs of a soak count here.</param>
    public static string Child(string rolloutId, int stepIndex, string kind, int attempt = 1) =>
        attempt <= 1 ? $"{rolloutId}:{stepIndex}-{kind}" : $"{rolloutId}:{stepIndex}-{kind}:{attempt}";

    /// <summary>Id of the rollout a child belongs to; the id itself when it is a rollout's.</summary>
    public static string Parent(string instanceId) => instanceId.IndexOf(':') is > 0 and var colon ? instanceId[..colon] : instanceId;

    /// <summary>Id of a row of the deployments table: <c>{rolloutId}~{environment}</c>.</summary>
    public static string Deployment(string rolloutId, string environment) => $"{rolloutId}~{environment}";

    /// <summary>Name of the revision that a rollout brings up: <c>{version}-{suffix}</c>.</summary>
    public static string Revision(string version, string rolloutId) => $"{Clean(version)}-{Suffix(rolloutId)}";

    /// <summary>Lower case, and <c>-</c> for everything outside <c>[a-z0-9._-]</c>.</summary>
    public static string Clean(string part) =>
        string.Concat(part.ToLowerInvariant().Select(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' or '-' ? c : '-'));
}
