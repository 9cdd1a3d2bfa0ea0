namespace Sluice.Benchmarks.Judgement.Traffic;

/// <summary>
/// Which clients fail: the gateway's counts about clients, per disjoint bucket of 10 s and revision. Only failing requests are played one by
/// one; of the others it is enough to know how many clients they come from.
/// </summary>
internal sealed class ClientTraffic
{
    private const int FailureIsNewAfter = 3600;
    private const double BurstMean = 5;
    private const int Rarely = 20;
    private const double FlakyShare = 0.2;

    private readonly Draw _draw;
    private readonly Failures _failures;
    private readonly bool _sticky;
    private readonly int _clients;
    private readonly int[] _lastFailure;
    private readonly Freshness _freshness;
    private readonly int[] _flaky;
    private readonly List<(int Client, bool Canary, int Failures, int Bursts)> _failing = [];

    // Sticky clients with smaller numbers are the canary's: which they are is random, because clients are drawn at random.
    private int _canaryClients;
    private double _canaryShare;

    /// <param name="conditions">Clients, routing and kind of failures.</param>
    /// <param name="draw">Randomness.</param>
    public ClientTraffic(Conditions conditions, Draw draw)
    {
        _draw = draw;
        _failures = conditions.Failures;
        _sticky = conditions.Sticky;
        _clients = conditions.Clients!.Value;
        _lastFailure = new int[_clients];

        // They failed before the rollout as well, stable has been running for long; of very many hardly one in the hour before.
        var between = _clients / (conditions.RequestsPerSecond * conditions.ErrorRate / (_failures == Failures.Bursts ? BurstMean : 1));
        Array.Fill(_lastFailure, -FailureIsNewAfter);
        for (var i = 0; i < _clients && between < Rarely * FailureIsNewAfter; i++)
        {
            _lastFailure[i] = (int)Math.Max(-FailureIsNewAfter, between * Math.Log(1 - draw.Uniform()));
        }

        _flaky = _failures switch
        {
            Failures.BrokenClient => [draw.Index(_clients)],
            Failures.FlakyClients => [.. Enumerable.Range(0, Math.Max(1, _clients / 100)).Select(_ => draw.Index(_clients)).Distinct()],
            _ => [],
        };
        foreach (var client in _flaky)
        {
            _lastFailure[client] = -1;
        }

        _freshness = new Freshness(_lastFailure, draw);
    }

    /// <summary>The canary's share of the requests: the weight, or where clients are sticky that of its clients.</summary>
    public double CanaryShare => _sticky ? (double)_canaryClients / _clients : _canaryShare;

    /// <summary>The weight has changed; sticky clients stay where they are and as many others move as are needed.</summary>
    public void SetWeight(double weight)
    {
        if (_sticky && weight > _canaryShare)
        {
            _canaryClients += _draw.Binomial(_clients - _canaryClients, (weight - _canaryShare) / (1 - _canaryShare));
        }
        else if (_sticky)
        {
            _canaryClients = _draw.Binomial(_canaryClients, _canaryShare == 0 ? 0 : weight / _canaryShare);
        }

        _canaryShare = weight;
        _freshness.Divide(_sticky ? client => client < _canaryClients ? 1 : 0 : _ => 0);
    }

    /// <summary>Adds a bucket.</summary>
    /// <param name="now">Seconds.</param>
    /// <param name="canary">The canary's counts.</param>
    /// <param name="canaryRequests">Its requests in the bucket.</param>
    /// <param name="canaryRate">Its own error rate.</param>
    /// <param name="stable">Stable's counts.</param>
    /// <param name="stableRequests">Likewise.</param>
    /// <param name="stableRate">Likewise.</param>
    public void Add(int now, ArmCounts canary, double canaryRequests, double canaryRate, ArmCounts stable, double stableRequests, double stableRate)
    {
        _failing.Clear();
        _freshness.Turn(now);
        var seen = Seen(canary, canaryRequests, isCanary: true) + Seen(stable, stableRequests, isCanary: false);
        if (!_sticky)
        {
            // A client that both revisions served was first at one of them.
            seen = Distinct(_clients, canaryRequests + stableRequests);
            var first = Math.Min(seen, _draw.Poisson(seen * CanaryShare));
            canary.FirstRequests += first;
            stable.FirstRequests += seen - first;
        }

        Fail(isCanary: true, canaryRequests, canaryRate);
        Fail(isCanary: false, stableRequests, stableRate);
        Span<int> retries = [0, 0];
        var firstOfClient = seen / Math.Max(1, canaryRequests + stableRequests);
        foreach (var (client, isCanary, failures, bursts) in _failing)
        {
            var arm = isCanary ? canary : stable;
            arm.Errors += failures;
            arm.FailingClients++;
            _freshness.Fail(arm, client, bursts, bursts + OnTheOther(client, isCanary), now);
            retries[isCanary ? 1 : 0] += failures - bursts;
            if (now - _lastFailure[client] >= FailureIsNewAfter)
            {
                arm.NewlyFailingClients++;
            }

            _lastFailure[client] = now;
            var chance = _failures == Failures.BrokenClient && client == _flaky[0] ? (_sticky ? 1 : (isCanary ? CanaryShare : 1 - CanaryShare)) : firstOfClient;
            arm.FirstErrors += _draw.Uniform() < chance ? 1 : 0;
        }

        _freshness.Count(canary, _sticky ? 1 : 0, ClientsOf(isCanary: true), (int)canaryRequests, retries[1]);
        _freshness.Count(stable, 0, ClientsOf(isCanary: false), (int)stableRequests, retries[0]);
        _freshness.End();
    }

    /// <summary>How many bursts of failures a client had on the other revision in this bucket.</summary>
    private int OnTheOther(int client, bool isCanary)
    {
        foreach (var other in _failing)
        {
            if (other.Client == client && other.Canary != isCanary)
            {
                return other.Bursts;
            }
        }

        return 0;
    }

    private int Seen(ArmCounts arm, double requests, bool isCanary)
    {
        var clients = !_sticky ? _clients : isCanary ? _canaryClients : _clients - _canaryClients;
        var seen = Distinct(clients, requests);
        arm.ClientsSeen += seen;
        arm.FirstRequests += _sticky ? seen : 0;
        return seen;
    }

    /// <summary>How many of the clients send at least one of so many requests: mean and variance of the occupancy problem, rounded.</summary>
    private int Distinct(int clients, double requests)
    {
        if (clients == 0 || requests <= 0)
        {
            return 0;
        }

        var load = requests / clients;
        var empty = Math.Exp(-load);
        var variance = clients * empty * (1 - (empty * (1 + load)));
        var seen = (clients * (1 - empty)) + (Math.Sqrt(Math.Max(0, variance)) * _draw.Normal());
        return (int)Math.Round(Math.Clamp(seen, 1, Math.Min(clients, Math.Max(1, requests))));
    }

    private void Fail(bool isCanary, double requests, double rate)
    {
        var left = (int)requests;
        if (left == 0)
        {
            return;
        }

        switch (_failures)
        {
            case Failures.BrokenClient when !_sticky || IsCanarys(_flaky[0]) == isCanary:
                var clients = ClientsOf(isCanary);
                Record(_flaky[0], isCanary, clients == 1 ? left : _draw.Poisson(requests / clients), inBursts: false, ref left);
                break;
            case Failures.FlakyClients:
                for (var i = _draw.Poisson(requests * FlakyShare * FlakyIn(isCanary) / ClientsOf(isCanary)); i > 0 && left > 0; i--)
                {
                    Record(FlakyOf(isCanary), isCanary, 1, inBursts: false, ref left);
                }

                break;
        }

        if (_failures == Failures.Bursts)
        {
            for (var i = _draw.Poisson(requests * rate / BurstMean); i > 0 && left > 0; i--)
            {
                Record(AnyOf(isCanary), isCanary, _draw.Geometric(BurstMean), inBursts: true, ref left);
            }

            return;
        }

        for (var i = _draw.Poisson(requests * rate); i > 0 && left > 0; i--)
        {
            Record(AnyOf(isCanary), isCanary, 1, inBursts: false, ref left);
        }
    }

    private void Record(int client, bool isCanary, int failures, bool inBursts, ref int left)
    {
        failures = Math.Min(failures, left);
        if (failures == 0)
        {
            return;
        }

        left -= failures;
        var bursts = inBursts ? 1 : failures;
        for (var i = 0; i < _failing.Count; i++)
        {
            var known = _failing[i];
            if (known.Client == client && known.Canary == isCanary)
            {
                _failing[i] = known with { Failures = known.Failures + failures, Bursts = known.Bursts + bursts };
                return;
            }
        }

        _failing.Add((client, isCanary, failures, bursts));
    }

    private bool IsCanarys(int client) => client < _canaryClients;

    private int ClientsOf(bool isCanary) => !_sticky ? _clients : isCanary ? _canaryClients : _clients - _canaryClients;

    private int AnyOf(bool isCanary) =>
        !_sticky ? _draw.Index(_clients) : isCanary ? _draw.Index(_canaryClients) : _canaryClients + _draw.Index(_clients - _canaryClients);

    private int FlakyIn(bool isCanary) => _sticky ? _flaky.Count(c => IsCanarys(c) == isCanary) : _flaky.Length;

    private int FlakyOf(bool isCanary)
    {
        while (true)
        {
            var client = _flaky[_draw.Index(_flaky.Length)];
            if (!_sticky || IsCanarys(client) == isCanary)
            {
                return client;
            }
        }
    }
}
