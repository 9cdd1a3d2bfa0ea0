using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Sluice.Cli.Serve;
using Sluice.Engine;
using Sluice.Engine.Store;

namespace Sluice.KillableServer;

/// <summary>Ends this process with SIGKILL at the point that a file asks for.</summary>
internal sealed class Killer(DataFolder folder)
{
    private readonly Lock _gate = new();
    private string? _asked;
    private int _calls;
    private HashSet<(long Instance, long Task)>? _unrecorded;
    private string _unrecordedName = "";

    /// <summary>Stands around every activity and commit of an engine.</summary>
    public void Watch(EngineOptions options)
    {
        options.AroundActivity = AroundAsync;
        options.OnStoreCall = Called;
    }

    private async Task<object?> AroundAsync(string name, Func<Task<object?>> act)
    {
        var moment = Begins(name);
        if (moment == KillMoment.Before)
        {
            Die();
        }

        try
        {
            return await act();
        }
        finally
        {
            switch (moment)
            {
                case KillMoment.After:
                    Die();
                    break;
                case KillMoment.Recorded:
                    Remember(name);
                    break;
            }
        }
    }

    private KillMoment? Begins(string name)
    {
        lock (_gate)
        {
            File.AppendAllText(KillPoint.ActivitiesIn(folder.Path), name + "\n");
            var file = KillPoint.FileIn(folder.Path);
            if (!File.Exists(file))
            {
                return null;
            }

            var text = File.ReadAllText(file);
            if (text != _asked)
            {
                _asked = text;
                _calls = 0;
            }

            var point = KillPoint.Parse(text);
            if (point.Activity != name || ++_calls < point.Number)
            {
                return null;
            }

            File.Delete(file);
            _asked = null;
            return point.Moment;
        }
    }

    // A commit that was under way may hold anything; the one meant is the one that takes the activity out of the queue.
    private void Remember(string name)
    {
        lock (_gate)
        {
            _unrecordedName = name;
            _unrecorded = Queued(name);
        }
    }

    private void Called(StoreCall call)
    {
        lock (_gate)
        {
            if (call == StoreCall.Committed && _unrecorded is { } rows && !rows.IsSubsetOf(Queued(_unrecordedName)))
            {
                Die();
            }
        }
    }

    private HashSet<(long Instance, long Task)> Queued(string name)
    {
        using var connection = new SqliteConnection($"Data Source={folder.EngineFile};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT instance, task FROM activities WHERE name = $name";
        command.Parameters.AddWithValue("$name", name);
        using var reader = command.ExecuteReader();
        var rows = new HashSet<(long Instance, long Task)>();
        while (reader.Read())
        {
            rows.Add((reader.GetInt64(0), reader.GetInt64(1)));
        }

        return rows;
    }

    private static void Die()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    }
}
