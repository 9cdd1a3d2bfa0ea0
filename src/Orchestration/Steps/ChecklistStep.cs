using Sluice.Domain.Checklists;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>
/// Waits until all of a list is done. People tick; checks are repeated, ever more seldom, until they pass, and once more when the last
/// person has ticked long after them: all of it is true at the moment the rollout goes on.
/// </summary>
internal static class ChecklistStep
{
    private static readonly TimeSpan FirstRepeat = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LastRepeat = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(2);

    public static async Task<StepEnd> RunAsync(RolloutRun run, Step.Checklist step)
    {
        var list = new Items(run, step);
        var deadline = run.Context.CurrentUtcDateTime + step.Timeout;

        // What was ticked before the list was opened was ticked on another one.
        await run.Inbox.CheckAsync();
        run.Journal.Note("checklist.opened", step.Environment, $"{step.Name}: {step.Items.Count} items must be done");
        list.Read();
        await ShowAsync(list.Open);
        await list.CheckAsync();
        var repeat = FirstRepeat;
        while (list.Open > 0 || list.IsStale)
        {
            if (list.Open == 0)
            {
                await list.CheckAsync();
                continue;
            }

            await ShowAsync(list.Open);
            var next = list.HasOpenChecks && run.Context.CurrentUtcDateTime + repeat is var soon && soon < deadline ? soon : deadline;
            var command = await run.Inbox.UntilAsync(next, c => c.Kind is CommandKind.Tick or CommandKind.Report);
            list.Read();
            if (command is { Kind: CommandKind.Tick })
            {
                await list.TickAsync(command);
            }
            else if (command is null && run.Context.CurrentUtcDateTime >= deadline)
            {
                deadline = TimeLimit.Expired(
                    run, step.Environment, "checklist.expired",
                    $"the checklist {step.Name} was not done within {Durations.Format(step.Timeout)}: {list.Missing}", step.Timeout, step.OnTimeout);
            }
            else if (command is null)
            {
                await list.CheckAsync();
                repeat = TimeSpan.FromTicks(Math.Min(repeat.Ticks * 2, LastRepeat.Ticks));
            }
        }

        await ShowAsync(0);
        return StepEnd.Passed(list.Summary);

        Task ShowAsync(int open) => run.Journal.ShowAsync(run.Journal.Status with
        {
            Phase = open > 0 ? Phase.Paused : Phase.Progressing,
            PauseReason = open > 0 ? PauseReason.Checklist : null,
            WaitsUntil = new DateTimeOffset(deadline, TimeSpan.Zero),
            WaitingFor = list.WaitingFor,
            Items = list.States,
            Message = open > 0 ? $"waits for {open} of {step.Items.Count} items: {list.Missing}" : $"{step.Name} is done",
        });
    }

    /// <summary>The list, and where each of its items stands.</summary>
    private sealed class Items(RolloutRun run, Step.Checklist step)
    {
        private readonly Dictionary<string, ChecklistItemState> _states =
            step.Items.ToDictionary(i => i.Name, i => new ChecklistItemState(i.Name, false), StringComparer.Ordinal);

        private readonly List<ChecklistItem> _checks = [.. step.Items.Where(i => i is ChecklistItem.Smoke or ChecklistItem.Metric)];
        private DateTime _checkedAt = DateTime.MaxValue;

        public IReadOnlyList<ChecklistItemState> States => [.. step.Items.Select(i => _states[i.Name])];

        public int Open => _states.Values.Count(s => !s.Done);

        public bool HasOpenChecks => _checks.Exists(c => !_states[c.Name].Done);

        public bool IsStale => _checks.Count > 0 && run.Context.CurrentUtcDateTime - _checkedAt > Fresh;

        public string Missing => string.Join(", ", step.Items.Where(i => !_states[i.Name].Done).Select(i => i.Name));

        public IReadOnlyList<string> WaitingFor =>
            [.. step.Items.OfType<ChecklistItem.Person>().Where(i => !_states[i.Name].Done).SelectMany(i => i.By).Distinct()];

        public string Summary => string.Join("; ", States.Select(s => s.Name
            + (s.By is null ? "" : $" by {s.By}") + (s.Note is null ? "" : $" ({s.Note})")));

        /// <summary>Takes over what was reported.</summary>
        public void Read()
        {
            foreach (var item in step.Items.OfType<ChecklistItem.Condition>())
            {
                var report = run.Inbox.Conditions.FirstOrDefault(c => c.Name == item.Reported);
                _states[item.Name] = new ChecklistItemState(
                    item.Name, report is { Passed: true }, report?.By, report is null ? $"nobody has reported '{item.Reported}'" : report.Note);
            }
        }

        /// <summary>Makes every check anew.</summary>
        public async Task CheckAsync()
        {
            if (_checks.Count == 0)
            {
                return;
            }

            IReadOnlyList<CheckResult> results;
            try
            {
                var environment = run.Environments.FirstOrDefault(e => e.Name == step.Environment);
                results = (await run.ReadAsync(
                    ActivityRefs.RunChecks,
                    new ChecksInput(
                        new EnvironmentTarget(run.Plan.Service, run.Plan.Environment(step.Environment!)),
                        environment is not null && run.HasDeployed(environment.Name) ? run.Input.Revision : null,
                        _checks))).Results;
            }
            catch (TaskFailureException failure)
            {
                results = [.. _checks.Select(c => new CheckResult(c.Name, false, "could not be checked: " + failure.Failure.ErrorMessage))];
            }

            _checkedAt = run.Context.CurrentUtcDateTime;
            foreach (var result in results)
            {
                Set(new ChecklistItemState(result.Name, result.Passed, null, result.Detail));
            }

            await run.Journal.FlushAsync();
        }

        /// <summary>Counts what a person ticked, or notes why it does not count.</summary>
        public async Task TickAsync(Command command)
        {
            var item = step.Items.FirstOrDefault(i => i.Name == command.Item) as ChecklistItem.Person;
            var why = item is null ? $"'{command.Item}' is not an item that people tick here"
                : command.By is not null ? $"an admin entered it for {command.By}"
                : !item.By.Any(a => a == command.Actor || command.Groups.Contains(a)) ? $"'{item.Name}' is ticked by {string.Join(", ", item.By)}"
                : null;
            if (why is not null)
            {
                run.Journal.Note("checklist.uncounted", step.Environment, $"the tick of {command.Actor} does not count: {why}", ("actor", command.Actor));
                await run.Journal.FlushAsync();
                return;
            }

            Set(new ChecklistItemState(item!.Name, command.Passed, command.Actor, command.Reason));
        }

        private void Set(ChecklistItemState state)
        {
            if (_states[state.Name].Done != state.Done)
            {
                run.Journal.Note(
                    state.Done ? "checklist.done" : "checklist.undone", step.Environment,
                    $"{state.Name}" + (state.By is null ? "" : $" by {state.By}") + (state.Note is null ? "" : $": {state.Note}"),
                    ("item", state.Name), ("actor", state.By ?? ""));
            }

            _states[state.Name] = state;
        }
    }
}
