using Sluice.Domain.Approvals;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>Who has said yes at a gate, each counted once, for what is to be approved at this moment.</summary>
/// <param name="run">The rollout.</param>
/// <param name="title">Of the gate.</param>
/// <param name="named">Names or groups of whom each may say yes.</param>
/// <param name="required">How many distinct ones are needed.</param>
internal sealed class Signatures(RolloutRun run, string title, IReadOnlyList<string> named, int required)
{
    private readonly List<string> _given = [];

    /// <summary>Who has, in order.</summary>
    public IReadOnlyList<string> Given => _given;

    /// <summary>Hash of what they say yes to.</summary>
    public string Evidence { get; private set; } = HashOf(run, title);

    /// <summary>How many are still needed.</summary>
    public int Missing => Math.Max(0, required - _given.Count);

    /// <summary>Looks whether what is approved has changed; then nobody has said yes to it yet.</summary>
    /// <returns>True when it has.</returns>
    public bool Renew()
    {
        var now = HashOf(run, title);
        if (now == Evidence)
        {
            return false;
        }

        Evidence = now;
        _given.Clear();
        return true;
    }

    /// <summary>Counts a yes, or says why a yes or no does not count; null when it does.</summary>
    public string? Take(Command command)
    {
        var why = command.By is not null ? $"an admin entered it for {command.By}"
            : !named.Any(a => a == command.Actor || command.Groups.Contains(a)) ? "not among those who may"
            : command.Kind != CommandKind.Approve ? null
            : _given.Contains(command.Actor) ? "said so already"
            : command.Evidence is not { } evidence ? "it does not say for what"
            : !ApprovalEvidence.Means(evidence, Evidence) ? $"it was given for other evidence ({evidence[..Math.Min(12, evidence.Length)]})"
            : null;
        if (why is null && command.Kind == CommandKind.Approve)
        {
            _given.Add(command.Actor);
        }

        return why;
    }

    /// <summary>Notes a yes or no that does not count.</summary>
    public Task NoteUncountedAsync(Command command, string? environment, string why)
    {
        run.Journal.Note(
            "approval.uncounted", environment, $"{command.Kind} by {command.Actor} does not count: {why}", ("actor", command.Actor));
        return run.Journal.FlushAsync();
    }

    /// <summary>The status with what this gate asks.</summary>
    public RolloutStatus Show(RolloutStatus status) => status with
    {
        WaitingFor = [.. named],
        ApprovedBy = [.. _given],
        Evidence = Missing > 0 ? Evidence : null,
    };

    private static string HashOf(RolloutRun run, string title) => new ApprovalEvidence(
        $"{run.StepIndex} {title}", run.Input.Release, run.Input.Revision, run.Input.BundleHash, run.Finished, run.Inbox.Conditions).Hash();
}
