using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Api.Http;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Api.Rollouts;

/// <summary>Body of <c>POST /api/rollouts</c>: the bundle and what to roll out with it.</summary>
/// <param name="Plan">The plan: a text (YAML or JSON), or the plan itself as a JSON object.</param>
/// <param name="Release">What.</param>
public sealed record StartRollout(JsonElement Plan, Release Release)
{
    /// <summary>Text of every file the plan names, by its path as written there.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>Makes it an emergency; null for the ordinary way.</summary>
    public StartEmergency? Emergency { get; init; }

    /// <summary>Why it must move in spite of a freeze window; a second person must say so too. Null when it need not.</summary>
    public string? OverrideFreeze { get; init; }

    /// <summary>The bundle as the product keeps it.</summary>
    /// <exception cref="ProblemException">400: the plan is neither text nor object.</exception>
    public Bundle ToBundle() => Plan.ValueKind switch
    {
        JsonValueKind.String => new Bundle(Plan.GetString()!, Files),
        JsonValueKind.Object => new Bundle(Plan.GetRawText(), Files),
        _ => throw new ProblemException(Problem.BadRequest(
            [new PlanFault("bad-json", "$.plan", 0, 0, "plan is the text of a plan or a JSON object, not " + Plan.ValueKind + ".")])),
    };

    /// <summary>The body for a bundle.</summary>
    public static StartRollout From(Bundle bundle, Release release) =>
        new(JsonSerializer.SerializeToElement(bundle.Plan), release) { Files = bundle.Files };
}

/// <summary>An emergency: no soak, no approval, no baseline.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Confirm">The release's version once more: nobody does this by a slip.</param>
public sealed record StartEmergency(string Reason, string Confirm);

/// <summary>Answer of a start: the same on every host. The management URIs carry a key; nothing of ours prints them.</summary>
public sealed record RolloutStarted(
    string Id,
    string RolloutUri,
    string StatusQueryGetUri,
    string SendEventPostUri,
    string TerminatePostUri,
    string SuspendPostUri,
    string ResumePostUri,
    string RewindPostUri,
    string RestartPostUri,
    string PurgeHistoryDeleteUri)
{
    /// <summary>What works but deserves a look.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PlanFault>? Warnings { get; init; }
}

/// <summary>Body of the commands; all of it optional.</summary>
public sealed record TellRollout
{
    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>On whose behalf; admins only, and never counted towards an approval.</summary>
    public string? By { get; init; }

    /// <summary>For <c>promote</c>: to 100 % at once.</summary>
    public bool Full { get; init; }

    /// <summary>For <c>approve</c> and <c>reject</c>: the hash of what was looked at, as <c>status.evidence</c> shows it, or at least its first 12 characters.</summary>
    public string? Evidence { get; init; }

    /// <summary>For <c>tick</c>: the item of the checklist.</summary>
    public string? Item { get; init; }

    /// <summary>For <c>report</c>: the condition, such as <c>ci</c>.</summary>
    public string? Condition { get; init; }

    /// <summary>For <c>tick</c> and <c>report</c>: whether it is done, or holds. The default is true.</summary>
    public bool Passed { get; init; } = true;
}

/// <summary>Answer of a command.</summary>
/// <param name="Id">The rollout.</param>
/// <param name="Command">What it was told.</param>
/// <param name="Number">Position of the command in the rollout.</param>
/// <param name="RolloutUri">Where to look.</param>
public sealed record RolloutTold(string Id, string Command, long Number, string RolloutUri);
