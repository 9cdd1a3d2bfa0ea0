using Sluice.Cli.Client;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration;
using Spectre.Console;

namespace Sluice.Cli.Demo;

/// <summary>Shows one rollout until it ends: the tree live at a terminal, one line for each change in a pipe.</summary>
internal sealed class DemoFollower(Terminal terminal, SluiceClient client, string id) : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly List<string> _notes = [];
    private readonly CancellationTokenSource _ended = new();
    private RolloutView? _last;
    private string _line = "";

    /// <summary>Says something beside the tree.</summary>
    public void Note(string text)
    {
        _notes.Add(text);
        if (!terminal.Interactive)
        {
            terminal.Output.WriteLine($"  ➜ {text}");
        }
    }

    /// <summary>Follows the rollout.</summary>
    /// <param name="look">Called with each look; may act, also by killing the server that answers the looks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The last look, in which it has ended.</returns>
    public async Task<RolloutView> FollowAsync(Func<RolloutView, CancellationToken, Task> look, CancellationToken cancellationToken)
    {
        if (!terminal.Interactive)
        {
            return await LoopAsync(look, WriteChange, cancellationToken);
        }

        RolloutView? view = null;
        await AnsiConsole.Live(new Text("")).StartAsync(async live => view = await LoopAsync(
            look,
            seen =>
            {
                live.UpdateTarget(new Markup(string.Join('\n', Tree(seen, lines: true))));
                live.Refresh();
            },
            cancellationToken));
        return view!;
    }

    /// <inheritdoc/>
    public void Dispose() => _ended.Dispose();

    private async Task<RolloutView> LoopAsync(
        Func<RolloutView, CancellationToken, Task> look, Action<RolloutView> show, CancellationToken cancellationToken)
    {
        while (true)
        {
            var view = await client.GetAsync<RolloutView>($"/api/rollouts/{id}", cancellationToken);
            _last = view;
            show(view);
            if (view.Status.Outcome is not null && view.Status.Phase is Phase.Healthy or Phase.Degraded or Phase.Failed)
            {
                if (!terminal.Interactive)
                {
                    foreach (var line in Tree(view, lines: false))
                    {
                        terminal.WriteMarkup("  " + line);
                    }
                }

                return view;
            }

            await look(view, cancellationToken);
            show(_last);
            await Task.Delay(LookEvery, terminal.Time, cancellationToken);
        }
    }

    private IEnumerable<string> Tree(RolloutView view, bool lines) =>
        RolloutTree.Render(view, terminal.Time.GetUtcNow(), lines).Concat(lines ? _notes.Select(n => "➜ " + Markup.Escape(n)) : []);

    private void WriteChange(RolloutView view)
    {
        var status = view.Status;
        var line = $"  {Markup.Remove(RolloutTree.Badge(status))}  {status.Step}  weight {status.Weight} %";
        if (line != _line)
        {
            _line = line;
            terminal.Output.WriteLine(line);
        }
    }
}
