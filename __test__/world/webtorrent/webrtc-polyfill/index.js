// The real package needs a native binary. Plain TCP peers never construct any of these.
export class RTCPeerConnection {}
export class RTCSessionDescription {}
export class RTCIceCandidate {}
