using Sluice.Cli.Client;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration;
using Spectre.Console;

namespace Sluice.Cli.Verbs;

/// <summary>Follows one rollout: a tree redrawn for people, a line for each change in a pipe.</summary>
internal sealed class RolloutWatch(Terminal terminal, SluiceClient client, string id)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    // A server that restarts in the middle of a watch is part of the plan.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Looks until the rollout has ended, pauses (when that counts), or the time is over.</summary>
    /// <returns>The last look, and whether time ran out.</returns>
    public async Task<(RolloutView View, bool TimedOut)> FollowAsync(TimeSpan? timeout, bool endOnPause, bool tree, CancellationToken cancellationToken)
    {
        if (!terminal.Interactive || !tree)
        {
            return await LoopAsync(timeout, endOnPause, WriteChange, cancellationToken);
        }

        var result = default((RolloutView, bool));
        await AnsiConsole.Live(new Text("")).StartAsync(async live =>
            result = await LoopAsync(
                timeout,
                endOnPause,
                view =>
                {
                    live.UpdateTarget(new Markup(string.Join('\n', RolloutTree.Render(view, terminal.Time.GetUtcNow(), lines: true))));
                    live.Refresh();
                },
                cancellationToken));
        return result;
    }

    private async Task<(RolloutView View, bool TimedOut)> LoopAsync(TimeSpan? timeout, bool endOnPause, Action<RolloutView> show, CancellationToken cancellationToken)
    {
        var started = terminal.Time.GetTimestamp();
        var answered = started;
        while (true)
        {
            try
            {
                var view = await client.GetAsync<RolloutView>($"/api/rollouts/{Uri.EscapeDataString(id)}", cancellationToken);
                answered = terminal.Time.GetTimestamp();
                show(view);
                var ended = view.Status.Phase is Phase.Healthy or Phase.Degraded or Phase.Failed;
                if (ended || (endOnPause && view.Status.Phase == Phase.Paused))
                {
                    return (view, false);
                }

                if (timeout is { } limit && terminal.Time.GetElapsedTime(started) >= limit)
                {
                    return (view, true);
                }
            }
            catch (UnreachableException) when (answered != started && terminal.Time.GetElapsedTime(answered) < Patience)
            {
                // It answered before; it may come back.
            }

            await Task.Delay(LookEvery, terminal.Time, cancellationToken);
        }
    }

    private string _last = "";

    private void WriteChange(RolloutView view)
    {
        var status = view.Status;
        var line = $"{Markup.Remove(RolloutTree.Badge(status))}  step {Math.Min(status.StepIndex + 1, status.StepCount)} of {status.StepCount}"
            + $"{(status.Step is null ? "" : $" {status.Step}")}  weight {status.Weight} %{(status.Message.Length == 0 ? "" : $"  {status.Message}")}";
        if (line != _last)
        {
            terminal.Error.WriteLine($"{terminal.Time.GetUtcNow():HH:mm:ss}  {line}");
            _last = line;
        }
    }

    /// <summary>What a wait ends with.</summary>
    public static int CodeOf(RolloutView view, bool timedOut, bool successOnPause) => view.Status.Phase switch
    {
        Phase.Healthy => ExitCode.Ok,
        Phase.Degraded or Phase.Failed => ExitCode.Failed,
        Phase.Paused when successOnPause => ExitCode.Ok,
        _ => timedOut ? ExitCode.Timeout : ExitCode.Failed,
    };
}
