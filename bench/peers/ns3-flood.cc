// A SYN flood against ns-3's TCP: `ns3-flood <SYN/s> <simulated seconds>`; prints one line of JSON, { wallS, syns, answered }.
//
// Each SYN comes from an address and port of its own over a point-to-point link of 10 ms; ns-3 has no backlog, so each one leaves a socket behind.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

static uint64_t syns = 0;
static uint64_t answered = 0;

static void
SendSyn (Ptr<Node> node, Ipv4Address server, double rate, Ptr<ExponentialRandomVariable> gap)
{
  TcpHeader header;
  header.SetFlags (TcpHeader::SYN);
  header.SetSourcePort (1024 + syns % 60000);
  header.SetDestinationPort (80);
  header.SetSequenceNumber (SequenceNumber32 (1));
  header.SetWindowSize (65535);
  Ptr<Packet> packet = Create<Packet> ();
  packet->AddHeader (header);
  Ipv4Header ip;
  ip.SetDestination (server);
  Socket::SocketErrno error;
  Ptr<Ipv4> ipv4 = node->GetObject<Ipv4> ();
  Ptr<Ipv4Route> route = ipv4->GetRoutingProtocol ()->RouteOutput (packet, ip, nullptr, error);
  node->GetObject<Ipv4L3Protocol> ()->Send (packet, Ipv4Address (0xc6120000 + syns / 60000), server, 6, route);
  syns++;
  Simulator::Schedule (Seconds (gap->GetValue ()), &SendSyn, node, server, rate, gap);
}

static void
CountAnswer (Ptr<const Packet>, Ptr<Ipv4>, uint32_t)
{
  answered++;
}

int
main (int argc, char **argv)
{
  double rate = argc > 1 ? std::atof (argv[1]) : 1000;
  double seconds = argc > 2 ? std::atof (argv[2]) : 1;
  NodeContainer nodes;
  nodes.Create (2);
  PointToPointHelper link;
  link.SetDeviceAttribute ("DataRate", StringValue ("10Gbps"));
  link.SetChannelAttribute ("Delay", StringValue ("10ms"));
  link.SetQueue ("ns3::DropTailQueue", "MaxSize", StringValue ("100000p"));
  NetDeviceContainer devices = link.Install (nodes);
  InternetStackHelper ().Install (nodes);
  Ipv4AddressHelper addresses;
  addresses.SetBase ("10.0.0.0", "255.255.255.0");
  Ipv4InterfaceContainer interfaces = addresses.Assign (devices);
  Ipv4StaticRoutingHelper routing;
  routing.GetStaticRouting (nodes.Get (1)->GetObject<Ipv4> ())->SetDefaultRoute (interfaces.GetAddress (0), 1);

  Ptr<Socket> listener = Socket::CreateSocket (nodes.Get (1), TcpSocketFactory::GetTypeId ());
  listener->Bind (InetSocketAddress (Ipv4Address::GetAny (), 80));
  listener->Listen ();
  nodes.Get (1)->GetObject<Ipv4L3Protocol> ()->TraceConnectWithoutContext ("Tx", MakeCallback (&CountAnswer));

  Ptr<ExponentialRandomVariable> gap = CreateObject<ExponentialRandomVariable> ();
  gap->SetAttribute ("Mean", DoubleValue (1 / rate));
  Simulator::ScheduleNow (&SendSyn, nodes.Get (0), interfaces.GetAddress (1), rate, gap);
  Simulator::Stop (Seconds (seconds));
  auto started = std::chrono::steady_clock::now ();
  Simulator::Run ();
  std::chrono::duration<double> wall = std::chrono::steady_clock::now () - started;
  std::printf ("{\"wallS\": %.6f, \"syns\": %llu, \"answered\": %llu}\n", wall.count (), (unsigned long long) syns,
               (unsigned long long) answered);
  Simulator::Destroy ();
}
